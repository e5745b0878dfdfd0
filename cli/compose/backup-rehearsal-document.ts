import type { Document } from "../../providers/compose/inputs";

type Service = Document["services"][string] & Record<string, unknown>;

/** What would lead out of the copy, or into it from outside, or make it take part in the system. */
const DROPPED = ["ports", "networks", "container_name", "depends_on", "profiles", "build"];
const NETWORK = "rehearsal";

/**
 * The Compose document of a copy of one datastore and its jobs: the same images, commands, secrets and limits, on
 * volumes of its own and a network of its own that leads nowhere.
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
