import { code, lengthOf, prose } from "./escape";
import type { ResourceDifference, StackDifference } from "./types";
import { describeProperties, kindOf, signOf, verbOf } from "./words";

/** Ways to write the dangerous changes, each shorter than the one before. */
const FORMS: readonly ((dangerous: readonly ResourceDifference[]) => string[])[] = [
  (dangerous) => dangerous.map((one) => row(one, [one], because(one))),
  (dangerous) => dangerous.map((one) => row(one, [one])),
  (dangerous) => groups(dangerous).map((group) => row(group[0] as ResourceDifference, group)),
];
/** Resources that a row of many names. */
const MOST_NAMES = 5;

/**
 * The dangerous changes of all environments, none left out: in the longest form that fits. Where even the shortest does
 * not, it says of each environment how many are not shown.
 */
export function dangerTables(stacks: readonly StackDifference[], longest: number): string[] {
  const tables = (rowsOf: (dangerous: readonly ResourceDifference[]) => string[]) =>
    stacks.flatMap((stack) => table(stack, rowsOf));
  const found = FORMS.map(tables).find((lines) => lengthOf(lines) <= longest);
  return found ?? stacks.flatMap((stack) => cut(stack, Math.floor(longest / stacks.length)));
}

function table(
  { stack, differences }: StackDifference,
  rowsOf: (dangerous: readonly ResourceDifference[]) => string[],
): string[] {
  const dangerous = differences.filter(({ dangers }) => dangers.length > 0);
  return dangerous.length === 0
    ? []
    : [
        "",
        `**${stack}**: look at these`,
        "",
        "| | resource | what it does |",
        "| --- | --- | --- |",
        ...rowsOf(dangerous),
      ];
}

/** As many groups as fit, those of most changes first, and a line about the others. */
function cut(difference: StackDifference, longest: number): string[] {
  return table(difference, (dangerous) => {
    const rows: string[] = [];
    let left = dangerous.length;
    for (const group of groups(dangerous).sort((a, b) => b.length - a.length)) {
      const [first] = group;
      const next = first ? row(first, group) : "";
      if (lengthOf(rows) + next.length > longest - 300) {
        break;
      }
      rows.push(next);
      left -= group.length;
    }
    const command = code(`longshore diff --stack ${difference.stack}`);
    return left > 0
      ? [...rows, `| | **${left} more dangerous changes** | see them all with ${command} |`]
      : rows;
  });
}

/** What happens in the same way to resources of the same kind. */
function groups(dangerous: readonly ResourceDifference[]): ResourceDifference[][] {
  const found = new Map<string, ResourceDifference[]>();
  for (const one of dangerous) {
    const key = [one.operation, one.type, ...one.dangers].join("\0");
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return [...found.values()];
}

function row(first: ResourceDifference, all: readonly ResourceDifference[], reason = ""): string {
  const names = all.slice(0, MOST_NAMES).map(({ system, name }) => code(`${system}/${name}`));
  const more = all.length > MOST_NAMES ? ` and ${all.length - MOST_NAMES} more` : "";
  const what = prose(first.dangers.join("; "));
  return `| ${signOf(first)} ${verbOf(first)} | ${names.join(", ")}${more} ${prose(kindOf(first))} | ${what}${reason} |`;
}

/** The property that makes it so, where there is one. */
function because(difference: ResourceDifference): string {
  const forcing = difference.properties.filter(({ replaces }) => replaces);
  const [first] = describeProperties({
    ...difference,
    properties: forcing.length > 0 ? forcing : difference.properties,
  });
  return first === undefined ? "" : `<br>${code(first)}`;
}
