import { dangerTables } from "./danger-table";
import { blocked, lengthOf } from "./escape";
import type { ResourceDifference, StackDifference } from "./types";
import { describeProperties, headline, kindOf, signOf, verbOf } from "./words";

/** First line of the comment, by which the next run finds it and edits it instead of adding another. */
export const MARKER = "<!-- longshore diff -->";
/** GitHub takes 65,536 characters; the rest is room for who posts it. */
const LONGEST = 60_000;
/** Properties of one resource that are listed. */
const MOST_PROPERTIES = 12;

/**
 * A comment for a pull request: the dangerous changes in the open, all of them; the others folded, by environment,
 * as many as fit. The same differences make the same text, always.
 */
export function markdownOf(stacks: readonly StackDifference[], longest = LONGEST): string {
  const changed = stacks.filter(({ differences }) => differences.length > 0);
  const same = stacks.filter(({ differences }) => differences.length === 0).map(({ stack }) => stack);
  const head = [
    MARKER,
    `### ${changed.length === 0 ? "No environment changes" : changed.map(headline).join(" · ")}`,
    ...(same.length > 0 && changed.length > 0 ? ["", `No changes: ${same.join(", ")}.`] : []),
  ];
  const lines = [...head, ...dangerTables(changed, longest - lengthOf(head))];
  let room = longest - lengthOf(lines);
  for (const stack of changed) {
    const section = harmlessSection(stack, room);
    room -= lengthOf(section);
    lines.push(...section);
  }
  return `${lines.join("\n")}\n`;
}

function harmlessSection({ stack, differences }: StackDifference, room: number): string[] {
  const start = [
    "",
    `<details><summary>${stack}: all ${differences.length} changes</summary>`,
    "",
    "```diff",
  ];
  const end = ["```", "</details>"];
  const left = () => room - lengthOf(start) - lengthOf(end) - 80 - lengthOf(lines);
  const lines: string[] = [];
  for (const [index, difference] of differences.entries()) {
    const entry = entryOf(difference);
    if (lengthOf(entry) > left()) {
      lines.push(`# and ${differences.length - index} more: longshore diff --stack ${stack}`);
      break;
    }
    lines.push(...entry);
  }
  return left() < -80 ? [] : [...start, ...lines, ...end];
}

function entryOf(difference: ResourceDifference): string[] {
  const { system, name } = difference;
  const sign = signOf(difference);
  const described = describeProperties(difference);
  const more = described.length - MOST_PROPERTIES;
  return [
    // Only lines that begin with these are coloured in a block of the language diff.
    `${sign === "~" ? "!" : sign} ${verbOf(difference)} ${blocked(`${system}/${name} ${kindOf(difference)}`)}`,
    ...described.slice(0, MOST_PROPERTIES).map((line) => `    ${blocked(line)}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}
