import type { PlanValue } from "./types";

/** Supplies the values that the plan does not contain. T is `string` for documents, `Output<string>` for Pulumi. */
export interface Resolver<T> {
  secret(name: string, encode: "uri" | undefined): T;
  /** Returns the address of a managed datastore. */
  host(datastore: string): T;
  /** Concatenates known and late parts (`pulumi.concat`, or `join`). */
  text(parts: readonly (string | T)[]): T;
}

export function resolve<T>(value: PlanValue, resolver: Resolver<T>): string | T {
  if (typeof value === "string") {
    return value;
  }
  switch (value.late) {
    case "secret":
      return resolver.secret(value.secret, value.encode);
    case "host":
      return resolver.host(value.datastore);
    case "text":
      return resolver.text(value.parts.map((part) => resolve(part, resolver)));
  }
}

/** Whether a value of the plan contains a secret. */
export function isSecret(value: PlanValue): boolean {
  if (typeof value === "string") {
    return false;
  }
  switch (value.late) {
    case "secret":
      return true;
    case "host":
      return false;
    case "text":
      return value.parts.some(isSecret);
  }
}

/** Returns the names of the secrets in a value, in order of appearance. */
export function secretsIn(value: PlanValue): string[] {
  if (typeof value === "string") {
    return [];
  }
  switch (value.late) {
    case "secret":
      return [value.secret];
    case "host":
      return [];
    case "text":
      return value.parts.flatMap(secretsIn);
  }
}
