import { describe, it } from "mocha";
import { join } from "node:path";
import { planSystem, type PlannedImage } from "../../catalog/plan";
import { composeYaml, renderCompose } from "../../render/compose";
import { kubernetesYaml, renderKubernetes } from "../../render/kubernetes";
import { loadStack, planSettings } from "../../settings";
import { systems } from "../../stacks";
import { matchesGolden } from "../support/golden";

const root = join(__dirname, "..", "..");

/** Tags follow the sources; here a fixed one stands for them. */
const imageReference = (system: string) => (image: PlannedImage) =>
  image.source.kind === "build" ? `${system}/${image.name}:src-000000000000` : image.source.reference;

for (const definition of Object.values(systems)) {
  const { name } = definition;
  const secretsSet = definition.secrets.map((secret) => secret.name);

  describe(`documents of ${name}`, () => {
    for (const environment of ["local", "dev", "test", "staging", "prod"] as const) {
      it(`Compose, ${environment}`, () => {
        const plan = planSystem(definition, {
          environment,
          target: "compose",
          secretsSet,
          profiles: "all",
        });
        const { document, files } = renderCompose(plan, {
          project: `${name}-${environment}`,
          edgePort: 8080,
          imageReference: imageReference(name),
        });
        const folder = `tests/golden/expected/${name}/compose-${environment}`;
        matchesGolden(`${folder}/compose.yaml`, composeYaml(document));
        for (const [path, content] of Object.entries(files)) {
          matchesGolden(`${folder}/${path}`, content);
        }
      });
    }

    for (const stack of ["dev", "staging", "prod"]) {
      it(`Kubernetes, ${stack}`, () => {
        const settings = loadStack(root, stack, systems);
        const plan = planSystem(definition, { ...planSettings(settings, name), secretsSet });
        const objects = renderKubernetes<string>(plan, {
          imageReference: imageReference(name),
          datastoreRange: () => "192.0.2.1/32",
          resolver: {
            secret: (secret) => `<secret ${secret}>`,
            host: () => "192.0.2.1",
            text: (parts) => parts.join(""),
          },
        });
        matchesGolden(`tests/golden/expected/${name}/kubernetes-${stack}.yaml`, kubernetesYaml(objects));
      });
    }
  });
}
