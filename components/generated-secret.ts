import * as random from "@pulumi/random";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component";

export interface GeneratedSecretArgs {
  /** Letters and digits, or hexadecimal digits: no place needs quoting. @default "text" */
  kind?: "text" | "hex";
  /** Number of characters; even for `hex`. @default 32 */
  length?: number;
  /** Another generation is another value. @default 1 */
  generation?: number;
}

/** A secret that nobody has to know: made once, kept encrypted in the state, made anew with the next generation. */
export class GeneratedSecret extends Component {
  readonly value: pulumi.Output<string>;

  constructor(name: string, args: GeneratedSecretArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:secrets:GeneratedSecret", name, opts);
    const { kind = "text", length = 32, generation = 1 } = args;
    const keepers = { generation: String(generation) };
    this.value =
      kind === "hex"
        ? this.child(random.RandomBytes, "value", { length: length / 2, keepers }).hex
        : this.child(random.RandomPassword, "value", { length, special: false, keepers }).result;
    this.registerOutputs({});
  }
}
