import { writeFileSync } from "node:fs";
import { planSystem } from "../catalog/plan";
import { renderKubernetes, type KubernetesObject } from "../render/kubernetes";
import { yamlStream } from "../yaml/write";
import { generatedSystem } from "./system";

/** The objects of a generated system, from its description through checks and plan. */
export function render(services: number): KubernetesObject<string>[] {
  const plan = planSystem(generatedSystem(services), {
    environment: "prod",
    target: "kubernetes",
    domain: "example.com",
  });
  return renderKubernetes(plan, {
    resolver: {
      secret: (name) => `<${name}>`,
      host: (datastore) => `<${datastore}>`,
      text: (parts) => parts.join(""),
    },
    imageReference: ({ name }) => `registry.example/${name}:1.0.0`,
  });
}

/** What one measured process does. */
export function main([services = "10", file = "/dev/null"]: readonly string[]): void {
  writeFileSync(file, yamlStream(render(Number(services))));
}
