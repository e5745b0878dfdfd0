import type { PlanValue, SecretFile } from "./types";

/** Returns the common properties of the containers of datastores and their jobs. */
export function containerOf(image: string, name: string, user: number) {
  return {
    name,
    image,
    user,
    env: [],
    secretFiles: [],
    configFiles: [],
    ports: [],
    probes: { startupSeconds: 60 },
    scale: { kind: "fixed", replicas: 1 },
    writable: ["/tmp"],
    volumes: [],
    after: [],
    connects: [],
    clients: [],
    egress: [],
    exceptions: [],
    graceSeconds: 30,
  } as const;
}

/**
 * Returns the file of a secret that the process reads only at startup. A job changes the running process; the new file
 * takes effect at the next start.
 */
export function startFile(variable: string, secret: string): SecretFile {
  return { ...secretFile(variable, secret), live: true };
}

/** Returns the file of a secret. `NAME_FILE` holds its path. */
export function secretFile(variable: string, secret: string): SecretFile {
  const name = variable.toLowerCase().replace(/_/g, "-");
  return {
    name,
    variable: `${variable}_FILE`,
    path: `/run/secrets/${name}`,
    value: { late: "secret", secret },
  };
}

/** Returns the jobs of a datastore whose password can be rotated. */
export function passwordJobs(store: string) {
  return [
    { name: `${store}-login`, purpose: "makes a new password known" },
    { name: `${store}-retire`, purpose: "ends the password before" },
  ];
}

/** Merges adjacent known parts. A text without late parts is returned as a string. */
export function joined(parts: readonly PlanValue[]): PlanValue {
  const merged: PlanValue[] = [];
  for (const part of parts.flatMap((value) =>
    typeof value === "object" && value.late === "text" ? value.parts : [value],
  )) {
    const last = merged.at(-1);
    if (typeof part === "string" && typeof last === "string") {
      merged[merged.length - 1] = last + part;
    } else if (part !== "") {
      merged.push(part);
    }
  }
  if (merged.length === 0) {
    return "";
  }
  const [only] = merged;
  return merged.length === 1 && only !== undefined ? only : { late: "text", parts: merged };
}
