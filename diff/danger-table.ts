import { code, lengthOf, prose } from "./escape";
import type { ResourceDifference, StackDifference } from "./types";
import { describeProperties, kindOf, signOf, verbOf } from "./words";

/** Formats of the dangerous changes, from the most to the least detailed. */
const FORMS: readonly ((dangerous: readonly ResourceDifference[]) => string[])[] = [
  (dangerous) => dangerous.map((one) => row(one, [one], because(one))),
  (dangerous) => dangerous.map((one) => row(one, [one])),
  (dangerous) => groups(dangerous).map((group) => row(group[0] as ResourceDifference, group)),
];
/** How many resources a grouped row names. */
const MOST_NAMES = 5;

/**
 * The dangerous changes of all environments, in the most detailed format that fits. When even the shortest is too long,
 * each environment states how many changes are not shown.
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

/** As many groups as fit, the largest first, and a line that counts the others. */
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

/** Changes with the same effect on resources of the same type. */
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

/** The property that causes the danger, if one does. */
function because(difference: ResourceDifference): string {
  const forcing = difference.properties.filter(({ replaces }) => replaces);
  const [first] = describeProperties({
    ...difference,
    properties: forcing.length > 0 ? forcing : difference.properties,
  });
  return first === undefined ? "" : `<br>${code(first)}`;
}
