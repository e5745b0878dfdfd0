import type { createColors } from "picocolors";
import type { ResourceDifference, StackDifference } from "./types";
import { describeProperties, headline, kindOf, signOf, verbOf } from "./words";

type Colors = ReturnType<typeof createColors>;

/** Formats differences for a terminal: a line per resource, followed by its dangers and differing properties. */
export function textOf(stacks: readonly StackDifference[], colors: Colors): string[] {
  return stacks.flatMap((stack) => [
    colors.bold(headline(stack)),
    ...stack.differences.flatMap((difference) => lines(difference, colors)),
  ]);
}

function lines(difference: ResourceDifference, colors: Colors): string[] {
  const { system, name, dangers } = difference;
  const verb = verbOf(difference);
  const paint = { "+": colors.green, "~": colors.yellow }[signOf(difference)] ?? colors.red;
  const mark = dangers.length > 0 ? colors.red("!!") : paint(` ${signOf(difference)}`);
  return [
    `  ${mark} ${paint(verb.padEnd(9))} ${system}/${name} ${colors.dim(kindOf(difference))}`,
    ...dangers.map((danger) => `       ${colors.red(danger)}`),
    ...describeProperties(difference).map((line) => `       ${line}`),
  ];
}
