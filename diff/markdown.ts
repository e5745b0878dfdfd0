import { dangerTables } from "./danger-table";
import { blocked, lengthOf } from "./escape";
import type { ResourceDifference, StackDifference } from "./types";
import { describeProperties, headline, kindOf, signOf, verbOf } from "./words";

/** First line of the comment. The next run finds the comment by it and edits it. */
export const MARKER = "<!-- longshore diff -->";
/** GitHub accepts 65,536 characters; the rest is reserved for the command that posts the comment. */
const LONGEST = 60_000;
/** Maximum number of listed properties per resource. */
const MOST_PROPERTIES = 12;

/**
 * A pull request comment: all dangerous changes visible; the others folded by environment, as many as fit.
 * Deterministic: equal differences give equal text.
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
    // GitHub colours only lines with these prefixes in a `diff` block.
    `${sign === "~" ? "!" : sign} ${verbOf(difference)} ${blocked(`${system}/${name} ${kindOf(difference)}`)}`,
    ...described.slice(0, MOST_PROPERTIES).map((line) => `    ${blocked(line)}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}
