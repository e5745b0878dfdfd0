import type { Problem } from "../../base/problems";
import type {
  ImageDefinition,
  JobDefinition,
  Probe,
  Resources,
  Scale,
  ServiceDefinition,
  SystemDefinition,
} from "../types";
import { isTls } from "../tls-ports";
import { absolutePath } from "../schema/basics";
import { show } from "../schema/show";
import { parseCpu, parseQuantity } from "../../base/quantities";

/** Reports inconsistent options of a service or job: ports, resources, scaling, probes and mounts. */
export function checkContainers(definition: SystemDefinition): Problem[] {
  const images = new Map(definition.images.map((image) => [image.name, image]));
  return [
    ...definition.services.flatMap((service) => checkService(service, images)),
    ...definition.jobs.flatMap(checkCommon),
  ];
}

function checkService(service: ServiceDefinition, images: ReadonlyMap<string, ImageDefinition>): Problem[] {
  const { name, ports, live, ready, replicas, scale, metrics, develop, environments } = service;
  const image = images.get(service.image);
  return [
    ...checkCommon(service),
    ...checkPorts(service),
    ...(live ? checkProbe(`${name}.live`, live, service, image) : []),
    ...(ready ? checkProbe(`${name}.ready`, ready, service, image) : []),
    ...checkScale(name, service),
    ...Object.entries(environments).flatMap(([environment, overlay]) =>
      checkScale(`${name}.environments.${environment}`, overlay),
    ),
    ...statefulScale(service, Math.max(replicas ?? 1, scale?.max ?? 1)),
    ...(metrics ? portName(`${name}.metrics.port`, metrics.port, ports) : []),
    ...(metrics && isTls(metrics.port)
      ? [
          {
            path: `${name}.metrics.port`,
            message: `metrics are collected over plain HTTP, and the port ${metrics.port} serves TLS`,
            fix: "serve them on a port without TLS",
          },
        ]
      : []),
    ...(develop
      ? Object.keys(develop.mounts).flatMap((source) =>
          mountSource(`${name}.develop.mounts.${source}`, source, image),
        )
      : []),
  ];
}

function checkCommon(container: ServiceDefinition | JobDefinition): Problem[] {
  const { name, resources, files, environments } = container;
  return [
    ...checkMounts(container),
    ...checkResources(`${name}.resources`, resources),
    ...Object.entries(environments).flatMap(([environment, overlay]) =>
      overlay.resources
        ? checkResources(`${name}.environments.${environment}.resources`, overlay.resources)
        : [],
    ),
    ...Object.keys(files).flatMap((path) => absolute(`${name}.files.${path}`, path)),
  ];
}

function checkPorts({ name, ports }: ServiceDefinition): Problem[] {
  const holders = new Map<number, string>();
  return Object.entries(ports).flatMap(([port, number]) => {
    const path = `${name}.ports.${port}`;
    if (port === "name") {
      return [{ path, message: "a port cannot be called name", fix: "choose another name" }];
    }
    const holder = holders.get(number);
    holders.set(number, port);
    return holder ? [{ path, message: `${number} is the number of the port ${holder} too` }] : [];
  });
}

function checkProbe(
  path: string,
  probe: Probe,
  service: ServiceDefinition,
  image: ImageDefinition | undefined,
): Problem[] {
  const { check } = probe;
  const problems: Problem[] = [];
  if (check.kind === "exec") {
    return problems;
  }
  // Only Compose sends the request from inside the container.
  if (image?.runtime === "none" && probe === (service.ready ?? service.live)) {
    problems.push({
      path,
      message: `the image ${image.name} has no program that can send a request over ${check.kind} (its runtime is none)`,
      fix: "use exec([...]) with a program of the image, or name its runtime",
    });
  }
  const names = Object.keys(service.ports);
  const asked = check.port ?? names[0];
  if (check.kind === "http" && asked !== undefined && isTls(asked)) {
    problems.push({
      path,
      message: `sends plain HTTP, and the port ${asked} serves TLS`,
      fix: 'name a port without TLS: http("/livez", { port: "http" }), or use tcp() or exec([...])',
    });
  }
  if (names.length === 0) {
    problems.push({ path, message: "the service has no ports", fix: "give it one: ports: { http: 8000 }" });
  } else if (check.port !== undefined) {
    problems.push(...portName(`${path}.port`, check.port, service.ports));
  }
  return problems;
}

function checkResources(path: string, { cpu, memory }: Resources): Problem[] {
  return [...range(`${path}.cpu`, cpu, parseCpu), ...range(`${path}.memory`, memory, parseQuantity)];
}

function range(
  path: string,
  [request, limit]: readonly [string, string],
  parse: (text: string) => number | undefined,
): Problem[] {
  return (parse(request) ?? 0) > (parse(limit) ?? 0)
    ? [{ path, message: `the request ${request} is above the limit ${limit}`, fix: "write [request, limit]" }]
    : [];
}

function checkScale(path: string, { replicas, scale }: { replicas?: number; scale?: Scale }): Problem[] {
  const problems: Problem[] = [];
  if (replicas !== undefined && scale) {
    problems.push({
      path,
      message: "has both replicas and scale: the autoscaler and the fixed number would fight",
      fix: "keep one of them",
    });
  }
  if (!scale) {
    return problems;
  }
  const { min, max, cpu, memory } = scale;
  if (max < min) {
    problems.push({ path: `${path}.scale`, message: `expected min up to max, got min ${min}, max ${max}` });
  }
  if (cpu === undefined && memory === undefined) {
    problems.push({ path: `${path}.scale`, message: "expected cpu or memory to scale on, got neither" });
  }
  return problems;
}

/**
 * Checks a development mount: `src` is a folder of the image's context, `shared:src` a folder of the named context
 * `shared`.
 */
function mountSource(path: string, source: string, image: ImageDefinition | undefined): Problem[] {
  if (source.startsWith("/") || source.split("/").includes("..")) {
    return [{ path, message: `expected a folder of the build context, got ${JSON.stringify(source)}` }];
  }
  const context = /^([^:]*):/.exec(source)?.[1];
  const named = image?.source.kind === "build" ? (image.source.contexts ?? {}) : {};
  const folders = Object.keys(named).filter((name) => named[name]?.kind === "folder");
  return context === undefined || folders.includes(context)
    ? []
    : [
        {
          path,
          message: `the image has no folder ${JSON.stringify(context)} among its contexts`,
          fix: `known here: ${folders.join(", ") || "none"}`,
        },
      ];
}

/** Reports more than one replica of a service with a volume, because a volume belongs to one container at a time. */
function statefulScale({ name, volumes }: ServiceDefinition, replicas: number): Problem[] {
  return volumes.length > 0 && replicas > 1
    ? [{ path: name, message: `has a volume and up to ${replicas} replicas that would share it` }]
    : [];
}

/** Directory of the mounted secrets. Nothing else may be mounted there. */
const SECRETS = "/run/secrets";

/** Reports volumes that are mounted twice and paths that are used twice. */
function checkMounts({ name, volumes, writable, files }: ServiceDefinition | JobDefinition): Problem[] {
  const names = new Set<string>();
  const paths = new Map([[SECRETS, "the secrets"]]);
  const take = (path: string, holder: string, where: string): Problem[] => {
    const other = paths.get(path);
    paths.set(path, holder);
    return other === undefined ? [] : [{ path: where, message: `${path} is mounted for ${other} already` }];
  };
  return [
    ...volumes.flatMap(({ volume, path }) => [
      ...(names.size === names.add(volume).size
        ? [{ path: `${name}.volumes.${volume}`, message: "is mounted twice" }]
        : []),
      ...take(path, `the volume ${volume}`, `${name}.volumes.${volume}.path`),
    ]),
    ...writable.flatMap((path) => take(path, "writing", `${name}.writable`)),
    ...Object.keys(files).flatMap((path) => take(path, "a file", `${name}.files.${path}`)),
  ];
}

function portName(path: string, port: string, ports: Readonly<Record<string, number>>): Problem[] {
  return port in ports
    ? []
    : [
        {
          path,
          message: `expected one of ${Object.keys(ports).join(", ") || "no ports"}, got ${JSON.stringify(port)}`,
        },
      ];
}

function absolute(path: string, value: string): Problem[] {
  return absolutePath.safeParse(value).success
    ? []
    : [{ path, message: `expected an absolute path, got ${show(value)}` }];
}
