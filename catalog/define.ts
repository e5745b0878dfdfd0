import { SystemBuilder } from "./builder";
import { TARGETS, type Target } from "./choices";
import { notingInterpolations } from "./references";
import { list, oneOf, options as optionsOf } from "./schema/basics";
import type { ProbeOptions } from "./schema/probe";
import { readOptions } from "./schema/read";
import { show } from "./schema/show";
import { rememberStatements } from "./statements";
import type { Probe, ProbeCheck, SystemDefinition } from "./types";
import type { Vocabulary } from "./vocabulary";

export type { JobHandle, JobOptions, ServiceHandle, ServiceOptions } from "./containers";
export type { ImageHandle, ImageOptions, UpstreamOptions } from "./images";
export { authority, environment, text } from "./references";
export type { RouteOptions } from "./routes";
export type { KeysHandle, KeysSecretOptions, SecretOptions, TlsHandle, TlsSecretOptions } from "./secrets";
export type * from "./stores";
export type * from "./vocabulary";

export interface SystemOptions {
  /** Targets that the system supports. @default - every target */
  readonly targets?: readonly Target[];
}

const systemOptions = optionsOf({ targets: list(oneOf(TARGETS)).exactOptional() });

/**
 * Describes a system. The result is inert data: `system` creates nothing and does not throw for invalid values.
 * `checkSystem` reports all problems at once.
 */
export function system(
  name: string,
  describe: (words: Vocabulary) => void,
  options: SystemOptions = {},
): SystemDefinition {
  const isNamed = typeof name === "string";
  const builder = new SystemBuilder(isNamed ? name : "system");
  const read = readOptions(systemOptions, "options", options);
  builder.problems.push(...read.problems);
  if (!isNamed) {
    builder.problems.push({ path: "name", message: `expected the system's name as text, got ${show(name)}` });
  }
  if (typeof describe === "function") {
    notingInterpolations(builder.noteInterpolation.bind(builder), () => {
      describe(builder.words());
    });
  } else {
    builder.problems.push({
      path: "describe",
      message: `expected a function that describes the system, got ${show(describe)}`,
    });
  }
  builder.finish();
  const { images, services, jobs, datastores, secrets, settings, routes, problems } = builder;
  const definition: SystemDefinition = {
    name: isNamed ? name : "system",
    ...read.options,
    images,
    services,
    jobs,
    datastores,
    secrets,
    settings,
    routes,
    ...(problems.length > 0 && { problems }),
  };
  rememberStatements(definition, builder.statements);
  return definition;
}

const PROBE = { interval: "10s", timeout: "3s", failures: 3 } as const;

/** Healthy when a GET request for the path returns a status from 200 to 399. */
export function http(path: string, options: ProbeOptions = {}): Probe {
  return probe((port) => ({ kind: "http", path, ...port }), options);
}

/**
 * Healthy when the port accepts a connection. Use it for `live` beside an HTTP check for `ready`: an overloaded service
 * then receives no traffic but is not restarted.
 */
export function tcp(options: ProbeOptions = {}): Probe {
  return probe((port) => ({ kind: "tcp", ...port }), options);
}

/** Healthy when the command exits with code 0. Runs without a shell. */
export function exec(command: string[], options: Omit<ProbeOptions, "port"> = {}): Probe {
  return probe((port) => ({ kind: "exec", command, ...port }), options);
}

/** Builds a probe. Invalid and unknown options are kept, so that the service reports them with their path. */
function probe(check: (port: { port?: string }) => ProbeCheck, options: unknown): Probe {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return { ...PROBE, check: check({}), options: options as never };
  }
  const { port, ...others } = options as ProbeOptions;
  return { ...PROBE, ...others, check: check(port === undefined ? {} : { port }) };
}
