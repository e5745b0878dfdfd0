import type { Problem } from "../problems";
import { ENVIRONMENTS, RUNTIMES, type SystemDefinition } from "../types";
import { nearest } from "./nearest";

/** Values out of a fixed list: typed, but types are not always checked. */
export function checkChoices({
  images,
  services,
  jobs,
  datastores,
  secrets,
  settings,
  targets,
}: SystemDefinition): Problem[] {
  const isComposeOnly = targets?.length === 1 && targets[0] === "compose";
  return [
    ...(isComposeOnly ? [] : services.flatMap(onThisMachineOnly)),
    ...images.flatMap(({ name, runtime }) => choice(`images.${name}.runtime`, runtime, RUNTIMES)),
    ...[...services, ...jobs, ...datastores].flatMap(({ name, environments }) =>
      Object.keys(environments).flatMap((one) => choice(`${name}.environments.${one}`, one, ENVIRONMENTS)),
    ),
    ...[...services, ...jobs].flatMap(({ name, only = [] }) =>
      only.flatMap((one) => choice(`${name}.only`, one, ENVIRONMENTS)),
    ),
    ...secrets.flatMap(({ name, from, value, optionalIn }) => [
      ...choice(`secrets.${name}.kind`, value.kind, ["text", "hex", "keys", "tls"]),
      ...choice(`secrets.${name}.from`, from, ["config", "generated"]),
      ...optionalIn.flatMap((one) => choice(`secrets.${name}.optionalIn`, one, ENVIRONMENTS)),
    ]),
    ...settings.flatMap(({ name, default: value, oneOf }) =>
      oneOf && !oneOf.includes(value)
        ? [
            {
              path: `settings.${name}`,
              message: `the default ${JSON.stringify(value)} is none of ${oneOf.map((one) => JSON.stringify(one)).join(", ")}`,
            },
          ]
        : [],
    ),
  ];
}

/** What no cluster could honour. */
function onThisMachineOnly({ name, shares, exceptions }: SystemDefinition["services"][number]): Problem[] {
  const fix = 'give the system { targets: ["compose"] }';
  return [
    ...(shares ? [{ path: `${name}.shares`, message: "only Compose projects can share networks", fix }] : []),
    ...(exceptions.some(({ allow }) => allow === "engine-socket")
      ? [{ path: `${name}.exceptions`, message: "only Compose has an engine's socket to offer", fix }]
      : []),
  ];
}

function choice(path: string, value: unknown, known: readonly string[]): Problem[] {
  if (typeof value === "string" && known.includes(value)) {
    return [];
  }
  const close = typeof value === "string" ? nearest(value, known) : undefined;
  const message = `expected ${known.join(", ")}, got ${JSON.stringify(value) || "nothing"}`;
  return [{ path, message, ...(close !== undefined && { fix: `did you mean ${close}?` }) }];
}
