import { MISSING_IMAGE } from "../types";
import type { Problem } from "../../base/problems";
import type { JobDefinition, ServiceDefinition, SystemDefinition } from "../types";
import { isLabel } from "../../base/labels";
import { DEVICES, deviceKind } from "../devices";

/** Checks host devices, GPUs and node labels. */
export function checkDevices({ services, jobs, images }: SystemDefinition): Problem[] {
  const names = new Set(images.map(({ name }) => name));
  return [
    ...[...services, ...jobs].flatMap((one) => [...checkPaths(one), ...checkNodes(one)]),
    ...services.flatMap(({ name, gpuImage }) =>
      gpuImage === undefined || gpuImage === MISSING_IMAGE || names.has(gpuImage)
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
    const { path } = exception;
    const where = `${name}.exceptions.device`;
    const isTwice = seen.size === seen.add(path).size;
    return [
      ...(deviceKind(path)
        ? []
        : [{ path: where, message: `expected a device such as ${known}, got ${JSON.stringify(path)}` }]),
      ...(isTwice ? [{ path: where, message: `${path} is named twice` }] : []),
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
