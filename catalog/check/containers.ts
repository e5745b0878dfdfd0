import type { Problem } from "../problems";
import type {
  ImageDefinition,
  JobDefinition,
  Probe,
  Resources,
  Scale,
  ServiceDefinition,
  SystemDefinition,
} from "../types";
import { parseCpu, parseDuration, parseQuantity } from "../values";

const HOST_PORT = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?:(\d{1,5})$/;

/** Numbers and shapes of services and jobs: ports, resources, scaling, probes, paths. */
export function checkContainers(definition: SystemDefinition): Problem[] {
  const images = new Map(definition.images.map((image) => [image.name, image]));
  return [
    ...definition.services.flatMap((service) => checkService(service, images)),
    ...definition.jobs.flatMap((job) => [
      ...checkCommon(job),
      ...duration(`${job.name}.timeout`, job.timeout),
    ]),
  ];
}

function checkService(service: ServiceDefinition, images: ReadonlyMap<string, ImageDefinition>): Problem[] {
  const { name, ports, live, ready, replicas, scale, metrics, develop, environments } = service;
  const image = images.get(service.image);
  return [
    ...checkCommon(service),
    ...checkPorts(service),
    ...duration(`${name}.startup`, service.startup),
    ...duration(`${name}.grace`, service.grace),
    ...(live ? checkProbe(`${name}.live`, live, service, image) : []),
    ...(ready ? checkProbe(`${name}.ready`, ready, service, image) : []),
    ...checkScale(name, service),
    ...Object.entries(environments).flatMap(([environment, overlay]) =>
      checkScale(`${name}.environments.${environment}`, overlay),
    ),
    ...statefulScale(service, Math.max(replicas ?? 1, scale?.max ?? 1)),
    ...(metrics ? portName(`${name}.metrics.port`, metrics.port, ports) : []),
    ...(metrics ? absolute(`${name}.metrics.path`, metrics.path) : []),
    ...(develop
      ? Object.entries(develop.mounts).flatMap(([source, path]) => [
          ...absolute(`${name}.develop.mounts.${source}`, path),
          ...mountSource(`${name}.develop.mounts.${source}`, source, image),
        ])
      : []),
    ...(develop?.build === undefined ? [] : absolute(`${name}.develop.build`, develop.build)),
  ];
}

function checkCommon(container: ServiceDefinition | JobDefinition): Problem[] {
  const { name, resources, egress, writable, volumes, files, exceptions, environments } = container;
  return [
    ...checkMounts(container),
    ...checkResources(`${name}.resources`, resources),
    ...Object.entries(environments).flatMap(([environment, overlay]) =>
      overlay.resources
        ? checkResources(`${name}.environments.${environment}.resources`, overlay.resources)
        : [],
    ),
    ...egress.flatMap((destination) => checkEgress(`${name}.egress`, destination)),
    ...writable.flatMap((path) => absolute(`${name}.writable`, path)),
    ...Object.keys(files).flatMap((path) => absolute(`${name}.files.${path}`, path)),
    ...volumes.flatMap(({ volume, path, size }) => [
      ...absolute(`${name}.volumes.${volume}.path`, path),
      ...(parseQuantity(size) ? [] : [amount(`${name}.volumes.${volume}.size`, "a size such as 10Gi", size)]),
    ]),
    ...exceptions
      .filter(({ reason }) => reason.trim() === "")
      .map(({ allow }) => ({ path: `${name}.exceptions.${allow}`, message: "expected a reason, got none" })),
  ];
}

function checkPorts({ name, ports }: ServiceDefinition): Problem[] {
  const holders = new Map<number, string>();
  return Object.entries(ports).flatMap(([port, number]) => {
    const path = `${name}.ports.${port}`;
    if (!Number.isInteger(number) || number < 1 || number > 65_535) {
      return [{ path, message: `expected 1-65535, got ${number}` }];
    }
    if (port === "name") {
      return [{ path, message: "a port cannot be called name", fix: "choose another name" }];
    }
    const holder = holders.get(number);
    holders.set(number, port);
    if (number < 1024) {
      return [{ path, message: `expected 1024-65535 (the container is not root), got ${number}` }];
    }
    return holder ? [{ path, message: `${number} is the number of the port ${holder} too` }] : [];
  });
}

function checkProbe(
  path: string,
  probe: Probe,
  service: ServiceDefinition,
  image: ImageDefinition | undefined,
): Problem[] {
  const { check, interval, timeout, failures } = probe;
  const problems = [...duration(`${path}.interval`, interval), ...duration(`${path}.timeout`, timeout)];
  if (!Number.isInteger(failures) || failures < 1) {
    problems.push({ path: `${path}.failures`, message: `expected a whole number from 1, got ${failures}` });
  }
  if (check.kind === "exec") {
    return check.command.length > 0
      ? problems
      : [...problems, { path, message: "expected a command, got none" }];
  }
  // Only what Compose asks is asked from inside.
  if (image?.runtime === "none" && probe === (service.ready ?? service.live)) {
    problems.push({
      path,
      message: `the image ${image.name} has nothing that can ask over ${check.kind} from inside (its runtime is none)`,
      fix: "use exec([...]) with a program of the image, or name its runtime",
    });
  }
  if (check.kind === "http" && (!check.path.startsWith("/") || /[\s"'\\$]/.test(check.path))) {
    problems.push({
      path: `${path}.path`,
      message: `expected a path starting with "/", got ${JSON.stringify(check.path)}`,
      fix: `write ${JSON.stringify(`/${check.path.replace(/^\/+/, "").replace(/[\s"'\\$].*$/, "")}`)}`,
    });
  }
  const names = Object.keys(service.ports);
  if (names.length === 0) {
    problems.push({ path, message: "the service has no port to ask" });
  } else if (check.port !== undefined) {
    problems.push(...portName(`${path}.port`, check.port, service.ports));
  }
  return problems;
}

function checkResources(path: string, { cpu, memory }: Resources): Problem[] {
  return [
    ...range(`${path}.cpu`, cpu, parseCpu, "an amount such as 250m or 2"),
    ...range(`${path}.memory`, memory, parseQuantity, "a size such as 256Mi"),
  ];
}

function range(
  path: string,
  [request, limit]: readonly [string, string],
  parse: (text: string) => number | undefined,
  expected: string,
): Problem[] {
  const [low, high] = [parse(request), parse(limit)];
  const invalid = [
    ...(low ? [] : [amount(path, `${expected} as request`, request)]),
    ...(high ? [] : [amount(path, `${expected} as limit`, limit)]),
  ];
  if (low && high && low > high) {
    return [
      { path, message: `the request ${request} is above the limit ${limit}`, fix: "write [request, limit]" },
    ];
  }
  return invalid;
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
  if (replicas !== undefined && (!Number.isInteger(replicas) || replicas < 0)) {
    problems.push({ path: `${path}.replicas`, message: `expected a whole number from 0, got ${replicas}` });
  }
  if (!scale) {
    return problems;
  }
  const { min, max, cpu, memory } = scale;
  if (!Number.isInteger(min) || !Number.isInteger(max) || min < 1 || max < min) {
    problems.push({
      path: `${path}.scale`,
      message: `expected whole numbers 1 ≤ min ≤ max, got min ${min}, max ${max}`,
    });
  }
  if (cpu === undefined && memory === undefined) {
    problems.push({ path: `${path}.scale`, message: "expected cpu or memory to scale on, got neither" });
  }
  for (const [name, percent] of Object.entries({ cpu, memory })) {
    if (percent !== undefined && (!Number.isInteger(percent) || percent < 1 || percent > 100)) {
      problems.push({ path: `${path}.scale.${name}`, message: `expected 1-100 percent, got ${percent}` });
    }
  }
  return problems;
}

/** `src` is a folder of the image's context, `shared:src` one of its named context. */
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

/** A volume belongs to one container at a time. */
function statefulScale({ name, volumes }: ServiceDefinition, replicas: number): Problem[] {
  return volumes.length > 0 && replicas > 1
    ? [{ path: name, message: `has a volume and up to ${replicas} replicas that would share it` }]
    : [];
}

/** Where secrets are mounted; nothing else may be. */
const SECRETS = "/run/secrets";

/** Every volume once, and every path for one thing only. */
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

function checkEgress(path: string, destination: string): Problem[] {
  const port = Number(HOST_PORT.exec(destination)?.[2]);
  return port >= 1 && port <= 65_535
    ? []
    : [
        {
          path,
          message: `expected host:port such as api.example.com:443, got ${JSON.stringify(destination)}`,
        },
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
  const valid = /^\/[^\s:,\0]+$/.test(value) && !value.split("/").includes("..");
  return valid ? [] : [{ path, message: `expected an absolute path, got ${JSON.stringify(value)}` }];
}

function duration(path: string, value: string): Problem[] {
  return parseDuration(value) ? [] : [amount(path, "a time above zero such as 30s", value)];
}

function amount(path: string, expected: string, value: string): Problem {
  return { path, message: `expected ${expected}, got ${JSON.stringify(value)}` };
}
