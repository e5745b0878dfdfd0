import { randomBytes, randomInt } from "node:crypto";
import type { Planner } from "./planner";
import { checkAgainstSdk, sdk } from "./sdk";
import { defined, type Json, type Properties } from "./values";

const RandomPassword = "random:index/randomPassword:RandomPassword";
const RandomBytes = "random:index/randomBytes:RandomBytes";
/** Outputs by type, all secret. */
const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  [RandomPassword]: ["result", "bcryptHash"],
  [RandomBytes]: ["hex", "base64"],
};

/** Plans random values: unknown in a preview, random when applied. Any change of an input generates a new value. */
export const random: Planner = {
  package: "random",
  sdk: "@pulumi/random",
  assumptions: [],
  complete: () => ({}),
  check(subject) {
    if (!(subject.type in OUTPUTS)) {
      const known = Object.keys(OUTPUTS).join(" and ");
      return [{ property: "", reason: `the offline provider does not know ${subject.type}, only ${known}` }];
    }
    return checkAgainstSdk(sdk("@pulumi/random"), subject);
  },
  // All arguments of both force a new value (registry documentation of the random provider).
  replaces: () => true,
  deleteFirst: () => false,
  create({ type, inputs }, { preview, previous }) {
    const names = OUTPUTS[type] ?? [];
    const before = defined(Object.fromEntries(names.map((name) => [name, previous?.[name]])));
    if (preview) {
      return { id: "", outputs: before };
    }
    const made =
      Object.keys(before).length > 0 ? before : type === RandomBytes ? bytes(inputs) : password(inputs);
    return { id: "none", outputs: made };
  },
  secrets: (type) => OUTPUTS[type] ?? [],
};

function bytes({ length }: Properties): Properties {
  const value = randomBytes(Number(length));
  return { hex: value.toString("hex"), base64: value.toString("base64") };
}

function password(inputs: Properties): Properties {
  const wanted = (name: string): boolean => inputs[name] !== false;
  const special =
    typeof inputs.overrideSpecial === "string" ? inputs.overrideSpecial : "!@#$%&*()-_=+[]{}<>:?";
  const alphabet = [
    wanted("lower") ? "abcdefghijklmnopqrstuvwxyz" : "",
    wanted("upper") ? "ABCDEFGHIJKLMNOPQRSTUVWXYZ" : "",
    wanted("numeric") && wanted("number") ? "0123456789" : "",
    wanted("special") ? special : "",
  ].join("");
  const length: Json | undefined = inputs.length;
  return {
    result: Array.from({ length: Number(length) }, () => alphabet[randomInt(alphabet.length)]).join(""),
  };
}
