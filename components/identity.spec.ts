import { createHash } from "node:crypto";

/** Longest id of a service account. */
const LONGEST = 30;

/** An id from names: readable where it fits (6 to 30 characters), unique always. */
export function accountId(...names: readonly string[]): string {
  const whole = names.join("-");
  if (/^[a-z][-a-z0-9]{4,28}[a-z0-9]$/.test(whole)) {
    return whole;
  }
  const hash = createHash("sha256").update(whole).digest("hex").slice(0, 6);
  const start = whole
    .toLowerCase()
    .replace(/[^-a-z0-9]/g, "-")
    .replace(/^[^a-z]+/, "");
  return `${start.slice(0, LONGEST - 7).replace(/-+$/, "")}-${hash}`;
}

/** Annotation with which a Kubernetes ServiceAccount says who it is on Google Cloud. */
export const IDENTITY_ANNOTATION = "iam.gke.io/gcp-service-account";
