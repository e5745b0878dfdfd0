import { cloudRules } from "./cloud";
import { containerRules } from "./containers";
import { stackRules } from "./namespaces";
import { supplyRules } from "./secrets";
import type { Rule } from "./types";

export * from "./types";
export { stackRules };
export type { StackRule, StackViolation } from "./namespaces";

/** Every rule about a single resource. */
export const rules: readonly Rule[] = [...containerRules, ...supplyRules, ...cloudRules];
