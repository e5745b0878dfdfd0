import { z } from "zod";
import { isAbsent, wordOf, type AbsentProperty, type Handle } from "../handles";
import { isReference, type EndpointReference, type SettingReference, type Value } from "../references";
import { textIssue } from "./basics";

interface Issue {
  readonly message: string;
  readonly fix?: string;
}

/** Returns why a value is neither text nor a reference, or undefined when it is valid. */
function valueIssue(value: unknown): Issue | undefined {
  if (typeof value === "string") {
    return textIssue(value);
  }
  if (typeof value === "number" || typeof value === "boolean") {
    return { message: "expected text", fix: `write ${JSON.stringify(String(value))}` };
  }
  if (isAbsent(value)) {
    return absentIssue(value);
  }
  if (isReference(value)) {
    return value.ref === "text" ? value.parts.map(valueIssue).find((one) => one !== undefined) : undefined;
  }
  const word = wordOf(value);
  if (word !== undefined) {
    return { message: "expected text or a reference", fix: propertyFix(value as Handle) };
  }
  const fix = value === undefined ? { fix: "is the name that it comes from spelt right?" } : {};
  return { message: "expected text or a reference", ...fix };
}

function propertyFix(handle: Handle): string {
  const [first] = Object.keys(handle).filter((key) => key !== "name");
  return first === undefined
    ? "write one of its values"
    : `write one of its values, such as ${handle.name}.${first}`;
}

/** Returns the issue of a property that a handle does not have. */
export function absentIssue({ word, owner, property, known }: AbsentProperty): Issue {
  if (word === "service") {
    return known.length === 0
      ? { message: `${owner} has no ports`, fix: `give it one: ports: { ${property}: 8000 }` }
      : {
          message: `${owner} has no port ${JSON.stringify(property)}`,
          fix: `its ports are ${known.join(", ")}`,
        };
  }
  return {
    message: `the ${word} ${owner} has no ${JSON.stringify(property)}`,
    ...(known.length > 0 && { fix: `it has ${known.join(", ")}` }),
  };
}

/** Schema of a value that a function checks. The value is kept unchanged. */
function judged<T>(judge: (value: unknown) => Issue | undefined) {
  return z.custom<T>().superRefine((value: unknown, context) => {
    const issue = judge(value);
    if (issue) {
      context.addIssue({ code: "custom", message: issue.message, params: { fix: issue.fix } });
    }
  });
}

/** Text, or a reference that each target resolves. */
export const value = judged<Value>(valueIssue);

export const secretReference = judged<Extract<Value, { ref: "secret" }>>((given) =>
  isReference(given) && given.ref === "secret" ? undefined : { message: "expected a secret" },
);

export const textOrSetting = judged<string | SettingReference>((given) => {
  const isFitting = typeof given === "string" || (isReference(given) && given.ref === "setting");
  return isFitting ? valueIssue(given) : { message: "expected text or a setting" };
});

/** The target of a route. */
export const endpoint = judged<EndpointReference>((given) => {
  if (isReference(given) && given.ref === "endpoint") {
    return undefined;
  }
  if (isAbsent(given)) {
    return absentIssue(given);
  }
  const message = "expected a port of a service, such as api.http";
  if (wordOf(given) === "service") {
    const { name } = given as Handle;
    const [first] = Object.keys(given as Handle).filter((key) => key !== "name");
    return first === undefined
      ? { message: `${name} has no ports`, fix: "give it one: ports: { http: 8000 }" }
      : { message, fix: `write ${name}.${first}` };
  }
  return { message, ...(given === undefined && { fix: "is the name that it comes from spelt right?" }) };
});

/** Schema of a handle of the given statements. The result is its name. */
export function handleOf(words: readonly string[], expected: string) {
  return judged<Handle>((given) => {
    const word = wordOf(given);
    const isNamed =
      typeof given === "object" &&
      given !== null &&
      !isReference(given) &&
      typeof (given as Partial<Handle>).name === "string";
    if (isNamed && (word === undefined || words.includes(word))) {
      return undefined;
    }
    const fix =
      typeof given === "string"
        ? "write the value without quotes"
        : given === undefined
          ? "is the name that it comes from spelt right?"
          : undefined;
    return { message: `expected ${expected}`, ...(fix !== undefined && { fix }) };
  });
}
