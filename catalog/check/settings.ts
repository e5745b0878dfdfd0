import type { PlanSettings } from "../plan/settings";
import type { Problem } from "../../base/problems";
import { show } from "../schema/show";
import { settingIssue } from "../setting-values";
import type { SettingDefinition, SystemDefinition } from "../types";

/** Reports defaults outside their own limits, contradictory limits, and required settings without a value. */
export function checkSettings({ settings }: SystemDefinition, given?: PlanSettings): Problem[] {
  return settings.flatMap((setting) => [
    ...checkLimits(setting),
    ...checkDefault(setting),
    ...(given ? checkRequired(setting, given) : []),
  ]);
}

function checkLimits({ name, type, oneOf = [], min, max, pattern }: SettingDefinition): Problem[] {
  const path = `settings.${name}`;
  const types = new Set(oneOf.map((value) => (typeof value === "string" ? "text" : typeof value)));
  return [
    ...(min !== undefined && max !== undefined && min > max
      ? [{ path, message: `expected min up to max, got min ${min}, max ${max}` }]
      : []),
    ...(type !== "number" && (min !== undefined || max !== undefined)
      ? [{ path, message: `min and max limit numbers, and the type is ${type}`, fix: 'write type: "number"' }]
      : []),
    ...(type !== "text" && pattern !== undefined
      ? [{ path: `${path}.pattern`, message: `limits text, and the type is ${type}` }]
      : []),
    ...(types.size > 1 || (types.size === 1 && !types.has(type))
      ? [{ path: `${path}.oneOf`, message: `expected values of the type ${type}, got ${show(oneOf)}` }]
      : []),
  ];
}

function checkDefault(setting: SettingDefinition): Problem[] {
  const { name, default: value } = setting;
  const issue = value === undefined ? undefined : settingIssue(setting, value);
  return issue === undefined
    ? []
    : [{ path: `settings.${name}`, message: `the default is not allowed: ${issue}, got ${show(value)}` }];
}

function checkRequired(
  { name, default: value }: SettingDefinition,
  { settings = {} }: PlanSettings,
): Problem[] {
  return value === undefined && settings[name] === undefined
    ? [
        {
          path: `settings.${name}`,
          message: "not set, and it has no default",
          fix: "set it in the stack's file, or give it a default",
        },
      ]
    : [];
}
