import * as pulumi from "@pulumi/pulumi";
import { deploySystem } from "../../targets/compose";
import { samplePlan, type SamplePlanOptions } from "./compose-plan";
import { ROOT } from "./compose-stack";

export interface SampleOptions extends SamplePlanOptions {
  secret?: string;
}

/** Creates a program that deploys the sample system as `sample-<stack>`. */
export function sampleProgram(stack: string, port: number, options: SampleOptions = {}): () => unknown {
  const { secret = "first-token-value", ...plan } = options;
  return () => {
    const { url } = deploySystem(samplePlan(plan), {
      root: ROOT,
      settings: { stack, ports: { sample: port } },
      secretValue: () => pulumi.secret(secret),
    });
    return { url };
  };
}
