import * as random from "@pulumi/random";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component";

export interface GeneratedSecretArgs {
  /** Number of characters: letters and digits, so that no place needs quoting. @default 32 */
  length?: number;
  /** Another generation is another value. @default 1 */
  generation?: number;
}

/** A secret that nobody has to know: made once, kept encrypted in the state, made anew with the next generation. */
export class GeneratedSecret extends Component {
  readonly value: pulumi.Output<string>;

  constructor(name: string, args: GeneratedSecretArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:secrets:GeneratedSecret", name, opts);
    const { length = 32, generation = 1 } = args;
    const password = this.child(random.RandomPassword, "value", {
      length,
      special: false,
      keepers: { generation: String(generation) },
    });
    this.value = password.result;
    this.registerOutputs({});
  }
}
