import { createHash } from "node:crypto";

/** Maximum length of a service account ID. */
const LONGEST = 30;

/** A unique service account ID of 6 to 30 characters, readable when the names fit. */
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

/** Annotation that links a Kubernetes ServiceAccount to a Google service account. */
export const IDENTITY_ANNOTATION = "iam.gke.io/gcp-service-account";
