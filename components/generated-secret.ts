import * as random from "@pulumi/random";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component";

export interface GeneratedSecretArgs {
  /** Letters and digits, or hexadecimal digits; neither needs quoting anywhere. @default "text" */
  kind?: "text" | "hex";
  /** Alphabet of a `text`. @default - letters and digits */
  alphabet?: string;
  /** Number of characters; even for `hex`. @default 32 */
  length?: number;
  /** Generation of the value. A new number generates a new value. @default 1 */
  generation?: number;
}

/** A generated secret, stored encrypted in the state. A new generation replaces it. */
export class GeneratedSecret extends Component {
  readonly value: pulumi.Output<string>;

  constructor(name: string, args: GeneratedSecretArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:secrets:GeneratedSecret", name, opts);
    const { kind = "text", length = 32, generation = 1, alphabet } = args;
    const keepers = { generation: String(generation) };
    this.value =
      kind === "hex"
        ? this.child(random.RandomBytes, "value", { length: length / 2, keepers }).hex
        : this.child(random.RandomPassword, "value", { length, ...charactersOf(alphabet), keepers }).result;
    this.registerOutputs({});
  }
}

/** The provider's representation of an alphabet: whole character classes, plus single special characters. */
function charactersOf(alphabet: string | undefined) {
  if (alphabet === undefined) {
    return { special: false };
  }
  const special = alphabet.replace(/[A-Za-z0-9]/g, "");
  return {
    lower: /[a-z]/.test(alphabet),
    upper: /[A-Z]/.test(alphabet),
    numeric: /[0-9]/.test(alphabet),
    special: special !== "",
    ...(special !== "" && { overrideSpecial: special }),
  };
}
