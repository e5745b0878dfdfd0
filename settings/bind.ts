import { z } from "zod";
import { canonicalAddress, isLoopback, overlap } from "../catalog/ip-addresses";
import { servesTls } from "../catalog/plan/edge-tls";
import { MONITORING } from "../catalog/plan/monitoring";
import type { Target } from "../catalog/plan/types";
import type { Problem } from "../base/problems";
import type { Environment } from "../catalog/types";
import type { StackSettings } from "./types";

/** Address that a system is served on unless `bind` names others. */
const LOOPBACK = "127.0.0.1";

// Pulumi stores top-level values as text.
export const flag = z.preprocess(
  (value) => (value === "true" ? true : value === "false" ? false : value),
  z.boolean(),
);

const error = "expected an IP address of this machine such as 203.0.113.7, or a list of them";
const address = z.string({ error }).refine((text) => canonicalAddress(text) !== undefined, { error });

/** Schema of the settings that publish systems on addresses and ports of this machine. */
export function bindSchema(names: readonly string[]) {
  const system = z.enum(names as [string, ...string[]]);
  const port = z.int().min(1).max(65535);
  return {
    ports: z
      .partialRecord(system, port)
      .default({})
      .describe("Target compose: by system, the port that it is served on. Default: 8080 and up."),
    redirectPorts: z
      .partialRecord(system, port)
      .default({})
      .describe(
        "Target compose: by system, a second port, such as 80, that redirects plain HTTP requests to HTTPS. Default: none; the port itself redirects them.",
      ),
    bind: z
      .partialRecord(system, z.union([address, z.array(address, { error }).nonempty({ error })], { error }))
      .default({})
      .describe(
        "Target compose: by system, the addresses of this machine that its reverse proxy listens on, such as 203.0.113.7 or 0.0.0.0 (every one). Beyond loopback it needs tls. Default: 127.0.0.1.",
      ),
    bindWithoutTls: flag
      .optional()
      .describe(
        "Target compose: allows systems without TLS on addresses beyond loopback, for networks that encrypt, such as a VPN. Default: false.",
      ),
    tls: flag
      .optional()
      .describe(
        "Target compose: whether systems are served with HTTPS. Default: in staging and prod. Never monitoring, which is served on loopback only.",
      ),
  };
}

type BindConfig = z.output<z.ZodObject<ReturnType<typeof bindSchema>>>;

/** Returns the `bind` and `redirectPorts` settings, complete and in canonical form. */
export function bindOf({ bind, redirectPorts }: BindConfig): Pick<StackSettings, "bind" | "redirectPorts"> {
  const addresses = Object.entries(bind).map(
    ([system, given]) => [system, [given ?? []].flat().map((one) => canonicalAddress(one) ?? one)] as const,
  );
  return {
    ...(addresses.length > 0 && { bind: Object.fromEntries(addresses) }),
    ...(Object.keys(redirectPorts).length > 0 && { redirectPorts: redirectPorts as Record<string, number> }),
  };
}

/** Where the reverse proxy of a system is published, as options of `renderCompose`. */
export interface Publication {
  readonly edgePort: number;
  readonly edgeAddresses: readonly string[];
  readonly edgeRedirectPort?: number;
}

type Published = Pick<StackSettings, "ports" | "bind" | "redirectPorts">;

/** Returns where the reverse proxy of a system is published. */
export function publicationOf({ ports, bind, redirectPorts }: Published, system: string): Publication {
  const redirectPort = redirectPorts?.[system];
  return {
    edgePort: ports[system] ?? 0,
    edgeAddresses: bind?.[system] ?? [LOOPBACK],
    ...(redirectPort !== undefined && { edgeRedirectPort: redirectPort }),
  };
}

export interface BindFacts {
  readonly stack: string;
  readonly environment: Environment;
  readonly target: Target;
  /** Systems of the stack. */
  readonly selected: readonly string[];
  /** Complete ports of all systems. */
  readonly ports: Readonly<Record<string, number>>;
}

/** Reports addresses and ports that would expose more than intended, or that two systems share. */
export function bindProblems(config: BindConfig, facts: BindFacts): Problem[] {
  const { target, environment, selected, ports } = facts;
  const { bind = {}, redirectPorts = {} } = bindOf(config);
  if (target !== "compose") {
    return [
      ...Object.keys(bind).map((system) => ON_CLUSTER(`bind.${system}`, target)),
      ...Object.keys(redirectPorts).map((system) => ON_CLUSTER(`redirectPorts.${system}`, target)),
    ];
  }
  const isServedWithTls = (system: string) => servesTls(system, { environment, tls: config.tls });
  const allowed = config.bindWithoutTls === true;
  return [
    ...Object.entries(bind).flatMap(([system, addresses]) => [
      ...overlapping(`bind.${system}`, addresses),
      ...(system === MONITORING ? MONITORING_BOUND(addresses, ports) : []),
      ...(isServedWithTls(system) || allowed || system === MONITORING
        ? []
        : withoutTls(system, addresses, facts.stack)),
    ]),
    ...Object.keys(redirectPorts)
      .filter((system) => !isServedWithTls(system))
      .map((system): Problem => ({
        path: `redirectPorts.${system}`,
        message: `redirects to HTTPS, and ${system} is served without TLS`,
        fix: "remove it, or set tls to true",
      })),
    ...sharedPorts(
      selected.flatMap((system) => claimsOf(system, { ports, bind, redirectPorts })),
      { catalog: Object.keys(ports), set: Object.keys(config.ports) },
    ),
  ];
}

function overlapping(path: string, addresses: readonly string[]): Problem[] {
  return addresses.flatMap((one, index) =>
    addresses
      .slice(index + 1)
      .filter((other) => overlap(one, other))
      .map((other) => ({ path, message: `${one} and ${other} overlap`, fix: "remove one" })),
  );
}

function withoutTls(system: string, addresses: readonly string[], stack: string): Problem[] {
  const open = addresses.filter((one) => !isLoopback(one));
  return open.length === 0
    ? []
    : [
        {
          path: `bind.${system}`,
          message: `other machines can reach ${open.join(", ")}, and ${system} is served without TLS`,
          fix:
            `run: pulumi config set --stack ${stack} longshore:tls true; ` +
            "where the network itself encrypts, set bindWithoutTls to true instead",
        },
      ];
}

/** A port that a system occupies on some addresses. */
interface Claim {
  readonly system: string;
  readonly key: "ports" | "redirectPorts";
  readonly port: number;
  readonly addresses: readonly string[];
}

function claimsOf(system: string, published: Published): Claim[] {
  const { edgePort, edgeAddresses, edgeRedirectPort } = publicationOf(published, system);
  const claim = { system, addresses: edgeAddresses };
  return [
    { ...claim, key: "ports", port: edgePort },
    ...(edgeRedirectPort === undefined
      ? []
      : [{ ...claim, key: "redirectPorts" as const, port: edgeRedirectPort }]),
  ];
}

/** Reports two equal ports on one address. The problem refers to an explicitly chosen port rather than to a default. */
function sharedPorts(
  claims: readonly Claim[],
  { catalog, set }: { readonly catalog: readonly string[]; readonly set: readonly string[] },
): Problem[] {
  const isChosen = ({ key, system }: Claim) => key === "redirectPorts" || set.includes(system);
  // If both ports were chosen, the problem refers to the system that is later in the catalog.
  const sorted = [...claims].sort(
    (a, b) =>
      Number(isChosen(b)) - Number(isChosen(a)) || catalog.indexOf(b.system) - catalog.indexOf(a.system),
  );
  return sorted.flatMap((one, index) =>
    sorted
      .slice(index + 1)
      .filter(({ port }) => port === one.port)
      .filter(({ addresses }) => addresses.some((a) => one.addresses.some((b) => overlap(a, b))))
      .map(({ system }) => ({
        path: `${one.key}.${one.system}`,
        message: `${one.port} is the port of ${system} too`,
        fix: "choose another",
      })),
  );
}

const ON_CLUSTER = (path: string, target: Target): Problem => ({
  path,
  message: `is about addresses of this machine, and the target is ${target}`,
  fix: "remove it",
});

/** Prometheus and Alertmanager have no login, so monitoring is never published beyond loopback. */
const MONITORING_BOUND = (addresses: readonly string[], ports: BindFacts["ports"]): Problem[] =>
  addresses.every(isLoopback)
    ? []
    : [
        {
          path: `bind.${MONITORING}`,
          message: "monitoring is served on loopback only, because Prometheus and Alertmanager have no login",
          fix: `remove it, and connect with: ssh -L ${ports[MONITORING] ?? 0}:127.0.0.1:${ports[MONITORING] ?? 0} HOST`,
        },
      ];
