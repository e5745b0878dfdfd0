import { randomInt } from "node:crypto";
import type { Planner } from "./planner";
import { checkAgainstSdk, sdk } from "./sdk";
import { defined, type Json, type Properties } from "./values";

const RandomPassword = "random:index/randomPassword:RandomPassword";

/** Random values: unknown in a preview, really random when applied. Any change of an input makes a new one. */
export const random: Planner = {
  package: "random",
  sdk: "@pulumi/random",
  assumptions: [],
  complete: () => ({}),
  check(subject) {
    if (subject.type !== RandomPassword) {
      return [
        {
          property: "",
          reason: `the offline provider does not know ${subject.type}, only ${RandomPassword}`,
        },
      ];
    }
    return checkAgainstSdk(sdk("@pulumi/random"), subject);
  },
  // All arguments of random_password force a new value (registry documentation of the random provider).
  replaces: () => true,
  deleteFirst: () => false,
  create({ inputs }, { preview, previous }) {
    if (preview) {
      return { id: "", outputs: defined({ result: previous?.result, bcryptHash: previous?.bcryptHash }) };
    }
    const result = typeof previous?.result === "string" ? previous.result : password(inputs);
    return { id: "none", outputs: { result } };
  },
  secrets: (type) => (type === RandomPassword ? ["result", "bcryptHash"] : []),
};

function password(inputs: Properties): string {
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
  return Array.from({ length: Number(length) }, () => alphabet[randomInt(alphabet.length)]).join("");
}
