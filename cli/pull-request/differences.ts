import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import type { StackDifference } from "../../diff";
import { Failure } from "../support/failure";

/** Maximum size of the input in bytes. The largest observed diff has 2 MB. */
const LARGEST_BYTES = 20 * 2 ** 20;

const name = z
  .string()
  .regex(/^[\w./:-]+$/)
  .max(300);
const difference = z.strictObject({
  operation: z.enum(["create", "update", "replace", "delete"]),
  system: name,
  type: name,
  name,
  properties: z.array(
    z.strictObject({
      path: z.string().max(2_000),
      kind: z.enum(["add", "change", "remove"]),
      before: z.unknown().optional(),
      after: z.unknown().optional(),
      replaces: z.boolean(),
    }),
  ),
  dangers: z.array(z.string().max(300)),
});
const document = z.strictObject({
  against: z.string(),
  stacks: z.array(z.strictObject({ stack: name, differences: z.array(difference) })).max(50),
});

/**
 * Reads the output of `longshore diff --format json`. Treats it as untrusted, because the pull request's code wrote
 * it.
 * @throws Failure if the content has another form
 */
export function readDifferences(file: string): StackDifference[] {
  const refuse = (found: string) =>
    new Failure(`${file}: expected what \`longshore diff --format json\` prints, ${found}`);
  if (statSync(file).size > LARGEST_BYTES) {
    throw refuse(`got more than ${LARGEST_BYTES} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw refuse("got no JSON");
  }
  const { data, error } = document.safeParse(value);
  if (!data) {
    const [issue] = error.issues;
    throw refuse(`at ${issue?.path.join(".") || "the top"}: ${issue?.message ?? "something else"}`);
  }
  return data.stacks;
}
