import { randomBytes, randomInt } from "node:crypto";
import type { PlannedSecret } from "../../catalog/plan";
import { usage } from "../support/failure";
import { selfSigned, type TlsPair } from "./certificate";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/**
 * Generates random text. The default alphabet has letters and digits only, so that no program must escape it; 32
 * characters have 190 bits of entropy.
 */
export function generateText(length: number, alphabet: string = ALPHABET): string {
  const characters = [...new Set(alphabet)];
  return Array.from({ length }, () => characters[randomInt(characters.length)]).join("");
}

/**
 * Generates values for missing secrets.
 * @throws Failure if only one of a certificate and its key exists, because a new counterpart would not match it
 */
export async function generateValues(
  missing: readonly (PlannedSecret & { readonly system: string })[],
): Promise<{ configPath: string; value: string }[]> {
  const pairs = new Map<string, Promise<TlsPair>>();
  const generate = async ({ system, name, generation, value }: (typeof missing)[number]): Promise<string> => {
    if (value.kind === "text" || value.kind === "keys") {
      return generateText(value.length, value.kind === "text" ? value.alphabet : undefined);
    }
    if (value.kind === "hex") {
      return randomBytes(value.length / 2).toString("hex");
    }
    const isOther = (one: (typeof missing)[number]) =>
      one.system === system &&
      one.value.kind === "tls" &&
      one.value.pair === value.pair &&
      one.value.part !== value.part &&
      one.generation === generation;
    if (!missing.some(isOther)) {
      const other = value.part === "key" ? "certificate" : "key";
      throw usage(
        `${system}.secrets.${name}: not set, though the ${other} of ${value.pair} is; ` +
          `set it too: bin/longshore secrets set ${system}.${name}`,
      );
    }
    const id = `${system}.${value.pair}@${generation}`;
    const pair = pairs.get(id) ?? selfSigned(value.names, value.days);
    pairs.set(id, pair);
    return (await pair)[value.part];
  };
  return Promise.all(
    missing.map(async (secret) => ({ configPath: secret.configPath, value: await generate(secret) })),
  );
}
