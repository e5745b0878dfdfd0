import type { Problem } from "../problems";
import type { JobDefinition, ServiceDefinition, SystemDefinition } from "../types";
import { DEVICES, deviceKind, isLabel } from "../devices";

/** Devices of the machine, GPUs, and the nodes that have them. */
export function checkDevices({ services, jobs, images }: SystemDefinition): Problem[] {
  const names = new Set(images.map(({ name }) => name));
  return [
    ...[...services, ...jobs].flatMap((one) => [...checkPaths(one), ...checkNodes(one), ...checkGpus(one)]),
    ...services.flatMap(({ name, gpuImage }) =>
      gpuImage === undefined || names.has(gpuImage)
        ? []
        : [{ path: `${name}.gpuImage`, message: `there is no image ${JSON.stringify(gpuImage)}` }],
    ),
  ];
}

function checkPaths({ name, exceptions }: ServiceDefinition | JobDefinition): Problem[] {
  const known = DEVICES.map(({ example }) => example).join(", ");
  const seen = new Set<string>();
  return exceptions.flatMap((exception) => {
    if (exception.allow !== "device") {
      return [];
    }
    const { path, groups = [] } = exception;
    const where = `${name}.exceptions.device`;
    const isTwice = seen.size === seen.add(path).size;
    return [
      ...(deviceKind(path)
        ? []
        : [{ path: where, message: `expected a device such as ${known}, got ${JSON.stringify(path)}` }]),
      ...(isTwice ? [{ path: where, message: `${path} is named twice` }] : []),
      ...groups
        .filter((group) => !Number.isInteger(group) || group < 1 || group > 65_535)
        .map((group) => ({
          path: `${where}.groups`,
          message: `expected numeric groups, 1-65535 and not root's, got ${group}`,
        })),
    ];
  });
}

function checkNodes({ name, exceptions, nodes = {} }: ServiceDefinition | JobDefinition): Problem[] {
  const path = `${name}.nodes`;
  const isLost = exceptions.some(({ allow }) => allow === "device") && Object.keys(nodes).length === 0;
  return [
    ...(isLost
      ? [
          {
            path,
            message: "uses devices, and no label says which nodes have them",
            fix: 'write nodes: { "longshore.dev/devices": "true" }',
          },
        ]
      : []),
    ...Object.entries(nodes)
      .filter(([label, value]) => !isLabel(label, value))
      .map(([label, value]) => ({
        path: `${path}.${label}`,
        message: `expected a label of Kubernetes, got ${JSON.stringify(`${label}=${value}`)}`,
      })),
  ];
}

function checkGpus({ name, environments }: ServiceDefinition | JobDefinition): Problem[] {
  return Object.entries(environments).flatMap(([environment, { gpu = 0 }]) =>
    Number.isInteger(gpu) && gpu >= 0 && gpu <= 16
      ? []
      : [
          {
            path: `${name}.environments.${environment}.gpu`,
            message: `expected a whole number from 0 to 16, got ${gpu}`,
          },
        ],
  );
}
