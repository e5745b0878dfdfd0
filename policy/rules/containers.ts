import { at, expectValue, fieldsAt, isFields, listAt, show } from "./read";
import { eachContainer, EXCEPTION, podOf } from "./pods";
import { LATE, type Rule } from "./types";

const HOST_NAMESPACES = ["hostNetwork", "hostPID", "hostIPC"] as const;

const pinned: Rule = {
  name: "image-pinned",
  description: "Images are pinned by digest in production and never use the tag latest.",
  check: eachContainer(({ path, spec }, _pod, { isProduction }) => {
    const { image } = spec;
    if (image === LATE) {
      return [];
    }
    const text = typeof image === "string" ? image : "";
    if (/@sha256:[0-9a-f]{64}$/.test(text)) {
      return [];
    }
    const tag = /:([^:/]+)$/.exec(text)?.[1];
    if (isProduction) {
      return [`${path}.image: expected a digest (name@sha256:…), got ${show(image)}`];
    }
    return tag === undefined || tag === "latest"
      ? [`${path}.image: expected a digest or a tag other than latest, got ${show(image)}`]
      : [];
  }),
};

const nonRoot: Rule = {
  name: "container-non-root",
  description: "Containers run as a numeric user other than root.",
  check: eachContainer(({ path, spec }, pod) => {
    const setting = (key: string) => at(spec, "securityContext", key) ?? at(pod.spec, "securityContext", key);
    const user = setting("runAsUser");
    const where = `${path}.securityContext`;
    return [
      ...expectValue(setting("runAsNonRoot"), `${where}.runAsNonRoot`, [true]),
      ...(user === LATE || (typeof user === "number" && user > 0)
        ? []
        : [`${where}.runAsUser: expected a number above 0, got ${show(user)}`]),
    ];
  }),
};

const readOnlyRoot: Rule = {
  name: "container-read-only-root",
  description: `The root file system is read-only unless the pod has the annotation ${EXCEPTION}writable-root with a reason.`,
  check: eachContainer(({ path, spec }, { exceptions }) =>
    exceptions.has("writable-root")
      ? []
      : expectValue(
          at(spec, "securityContext", "readOnlyRootFilesystem"),
          `${path}.securityContext.readOnlyRootFilesystem`,
          [true],
        ),
  ),
};

const unprivileged: Rule = {
  name: "container-unprivileged",
  description:
    "Containers are unprivileged, cannot escalate privileges, drop all capabilities and use the default seccomp profile.",
  check: eachContainer(({ path, spec }, pod) => {
    const context = fieldsAt(spec, "securityContext");
    const where = `${path}.securityContext`;
    const added = listAt(context, "capabilities", "add").filter(
      (one) => one !== "NET_BIND_SERVICE" || !pod.exceptions.has("net-bind-service"),
    );
    const profile = (from: unknown) => at(from, "securityContext", "seccompProfile", "type");
    return [
      ...expectValue(context.privileged, `${where}.privileged`, [undefined, false]),
      ...expectValue(context.allowPrivilegeEscalation, `${where}.allowPrivilegeEscalation`, [false]),
      ...(listAt(context, "capabilities", "drop").includes("ALL")
        ? []
        : [`${where}.capabilities.drop: expected ["ALL"], got ${show(at(context, "capabilities", "drop"))}`]),
      ...added.map((one) => `${where}.capabilities.add: expected none, got ${show(one)}`),
      ...expectValue(profile(spec) ?? profile(pod.spec), `${where}.seccompProfile.type`, [
        "RuntimeDefault",
        "Localhost",
      ]),
    ];
  }),
};

const apartFromNode: Rule = {
  name: "pod-apart-from-node",
  description: `Pods use no host namespace and no hostPath volume; the annotation ${EXCEPTION}device permits devices.`,
  check: (resource) => {
    const pod = podOf(resource);
    if (!pod) {
      return [];
    }
    const mounts = listAt(pod.spec, "volumes").filter((volume) => isFields(volume) && "hostPath" in volume);
    return [
      ...HOST_NAMESPACES.flatMap((key) =>
        expectValue(pod.spec[key], `${pod.path}.${key}`, [undefined, false]),
      ),
      ...(pod.exceptions.has("device")
        ? []
        : mounts.map((volume) => `${pod.path}.volumes.${String(at(volume, "name"))}: expected no hostPath`)),
    ];
  },
};

const ownAccount: Rule = {
  name: "pod-own-account",
  description: "Pods have their own ServiceAccount and mount no API token.",
  check: (resource) => {
    const pod = podOf(resource);
    if (!pod) {
      return [];
    }
    const account = pod.spec.serviceAccountName;
    const token = pod.spec.automountServiceAccountToken;
    return [
      ...(account === undefined || account === "default"
        ? [
            `${pod.path}.serviceAccountName: expected a ServiceAccount other than default, got ${show(account)}`,
          ]
        : []),
      ...expectValue(token, `${pod.path}.automountServiceAccountToken`, [false]),
    ];
  },
};

const limits: Rule = {
  name: "container-limits",
  description: "Containers have requests and limits for CPU and memory.",
  check: eachContainer(({ path, spec }) =>
    ["requests", "limits"].flatMap((kind) =>
      ["cpu", "memory"]
        .filter((what) => at(spec, "resources", kind, what) === undefined)
        .map((what) => `${path}.resources.${kind}.${what}: expected a quantity, got nothing`),
    ),
  ),
};

const probes: Rule = {
  name: "container-probes",
  description: "Containers of services have a liveness and a readiness probe.",
  check: eachContainer(({ path, spec, isInit }, pod) =>
    isInit || !pod.serves
      ? []
      : ["livenessProbe", "readinessProbe"]
          .filter((probe) => spec[probe] === undefined)
          .map((probe) => `${path}.${probe}: expected a probe, got nothing`),
  ),
};

/** Rules for every container. */
export const containerRules = [
  pinned,
  nonRoot,
  readOnlyRoot,
  unprivileged,
  apartFromNode,
  ownAccount,
  limits,
  probes,
] as const;
