import type { PlanValue, SecretFile } from "./types";

/** What the containers of datastores and of their jobs have in common. */
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

/** The file of a secret that is read at the start only: a new one is changed in what runs, and waits in the file. */
export function startFile(variable: string, secret: string): SecretFile {
  return { ...secretFile(variable, secret), live: true };
}

/** The file of a secret; `NAME_FILE` holds its path. */
export function secretFile(variable: string, secret: string): SecretFile {
  const name = variable.toLowerCase().replace(/_/g, "-");
  return {
    name,
    variable: `${variable}_FILE`,
    path: `/run/secrets/${name}`,
    value: { late: "secret", secret },
  };
}

/** The jobs of a store whose password can be rotated. */
export function passwordJobs(store: string) {
  return [
    { name: `${store}-login`, does: "makes a new password known" },
    { name: `${store}-retire`, does: "ends the password before" },
  ];
}

/** Adjacent known parts become one; a text without late parts is a string. */
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
