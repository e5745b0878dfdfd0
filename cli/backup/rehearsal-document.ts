import type { Document } from "../../providers/compose/inputs";

type Service = Document["services"][string] & Record<string, unknown>;

/** Keys that would connect the copy to the system or to the outside. */
const DROPPED = ["ports", "networks", "container_name", "depends_on", "profiles", "build"];
const NETWORK = "rehearsal";

/**
 * The Compose document for a copy of one datastore and its jobs. Uses the same images, commands, secrets and limits,
 * with separate volumes and an internal network.
 */
export function rehearsalDocument(
  { services, volumes = {}, ...rest }: Document,
  store: string,
  jobs: readonly string[],
): object {
  const kept = [store, ...jobs].flatMap((name) => {
    const service = services[name] as Service | undefined;
    return service ? [[name, copyOf(service)] as const] : [];
  });
  return {
    ...rest,
    name: undefined,
    services: Object.fromEntries(kept),
    volumes: Object.fromEntries(Object.keys(volumes).map((name) => [name, {}])),
    networks: { [NETWORK]: { internal: true } },
  };
}

function copyOf(service: Service): object {
  const entries = Object.entries(service).filter(([key]) => !DROPPED.includes(key));
  return { ...Object.fromEntries(entries), networks: [NETWORK], restart: "no" };
}
