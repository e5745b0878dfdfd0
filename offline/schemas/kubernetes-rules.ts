import type { Problem } from "../../base/problems";

type Fields = Readonly<Record<string, unknown>>;
type IsLate = (value: unknown) => boolean;

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const PORT_NAME = /^(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/;

/** Maximum name lengths where controllers derive longer names from them or use them as label values. */
const LONGEST_NAME: Readonly<Record<string, number>> = {
  Namespace: 63,
  Service: 63,
  Job: 63,
  CronJob: 52,
  StatefulSet: 52,
};

/** Validation of the API server beyond field types. Expects an object that satisfies its schema. */
export function checkRules(object: Fields, root: string, isLate: IsLate): Problem[] {
  const problems: Problem[] = [];
  const kind = String(object.kind);
  checkName(object, kind, root, problems, isLate);
  checkMetadata(fields(object.metadata), `${root}.metadata`, problems, isLate);
  const spec = fields(object.spec);
  const template = fields(spec.template);
  const podSpec = kind === "Pod" ? spec : fields(template.spec);
  if (Object.keys(template).length > 0) {
    checkMetadata(fields(template.metadata), `${root}.spec.template.metadata`, problems, isLate);
    checkSelector(spec, template, root, problems, isLate);
  }
  if (Array.isArray(podSpec.containers)) {
    const path = kind === "Pod" ? `${root}.spec` : `${root}.spec.template.spec`;
    checkPod(podSpec, list(spec.volumeClaimTemplates), path, problems, isLate);
  }
  return problems;
}

function checkName(object: Fields, kind: string, root: string, problems: Problem[], isLate: IsLate): void {
  const name = fields(object.metadata).name;
  if (typeof name !== "string" || isLate(name)) {
    return;
  }
  const longest = LONGEST_NAME[kind] ?? 253;
  const valid = kind === "Service" || kind === "Namespace" ? DNS_LABEL : DNS_SUBDOMAIN;
  if (!valid.test(name)) {
    problems.push({
      path: `${root}.metadata.name`,
      message: `expected lower-case letters, digits and dashes, got ${JSON.stringify(name)}`,
    });
  }
  if (name.length > longest) {
    problems.push({
      path: `${root}.metadata.name`,
      message: `a ${kind} is named with at most ${longest} characters, got ${name.length}`,
    });
  }
}

function checkMetadata(metadata: Fields, path: string, problems: Problem[], isLate: IsLate): void {
  for (const [key, value] of Object.entries(fields(metadata.labels))) {
    checkKey(key, `${path}.labels`, problems);
    if (typeof value === "string" && !isLate(value) && !LABEL_VALUE.test(value)) {
      problems.push({
        path: `${path}.labels.${key}`,
        message: `expected at most 63 letters, digits, dashes, dots and underscores, got ${JSON.stringify(value)}`,
      });
    }
  }
  for (const key of Object.keys(fields(metadata.annotations))) {
    checkKey(key, `${path}.annotations`, problems);
  }
}

function checkKey(key: string, path: string, problems: Problem[]): void {
  if (!QUALIFIED_NAME.test(key)) {
    problems.push({ path: `${path}.${key}`, message: "expected a key such as name or example.com/name" });
  }
}

function checkSelector(
  spec: Fields,
  template: Fields,
  root: string,
  problems: Problem[],
  isLate: IsLate,
): void {
  const labels = fields(fields(template.metadata).labels);
  for (const [key, value] of Object.entries(fields(fields(spec.selector).matchLabels))) {
    if (!isLate(value) && !isLate(labels[key]) && labels[key] !== value) {
      problems.push({
        path: `${root}.spec.selector.matchLabels.${key}`,
        message: `selects ${JSON.stringify(value)}, the pods carry ${labels[key] === undefined ? "no such label" : JSON.stringify(labels[key])}`,
      });
    }
  }
}

function checkPod(
  spec: Fields,
  claims: readonly unknown[],
  path: string,
  problems: Problem[],
  isLate: IsLate,
): void {
  const volumes = new Set<unknown>([
    ...list(spec.volumes).map((volume) => fields(volume).name),
    ...claims.map((claim) => fields(fields(claim).metadata).name),
  ]);
  for (const group of ["initContainers", "containers"]) {
    list(spec[group]).forEach((entry, index) => {
      const container = fields(entry);
      const where = `${path}.${group}[${index}]`;
      if (
        typeof container.name === "string" &&
        !(DNS_LABEL.test(container.name) && container.name.length <= 63)
      ) {
        problems.push({
          path: `${where}.name`,
          message: `expected a DNS label, got ${JSON.stringify(container.name)}`,
        });
      }
      checkPorts(list(container.ports), `${where}.ports`, problems);
      list(container.volumeMounts).forEach((mount, at) => {
        const { name } = fields(mount);
        if (!isLate(name) && !volumes.has(name)) {
          problems.push({
            path: `${where}.volumeMounts[${at}].name`,
            message: `there is no volume ${JSON.stringify(name)} in this pod`,
          });
        }
      });
    });
  }
}

function checkPorts(ports: readonly unknown[], path: string, problems: Problem[]): void {
  ports.forEach((entry, index) => {
    const { name, containerPort } = fields(entry);
    if (typeof name === "string" && !PORT_NAME.test(name)) {
      problems.push({
        path: `${path}[${index}].name`,
        message: `expected at most 15 lower-case letters, digits and dashes, got ${JSON.stringify(name)}`,
      });
    }
    if (typeof containerPort === "number" && (containerPort < 1 || containerPort > 65535)) {
      problems.push({
        path: `${path}[${index}].containerPort`,
        message: `expected 1 to 65535, got ${containerPort}`,
      });
    }
  });
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
