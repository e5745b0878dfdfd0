const SECRET_NAME = /(PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|PRIVATE_KEY|API_?KEY|ACCESS_KEY)$/i;
/** `NAME_FILE` holds the path of a secret, which is not confidential. */
const FILE_NAME = /_(FILE|PATH|NAME)$/i;
const TELLING = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, "a private key"],
  [/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s:@]*:[^/?#\s@]+@/i, "a URL with a password"],
  [
    /\bAIza[0-9A-Za-z_-]{35}\b|\bsk-[A-Za-z0-9_-]{20,}\b|\bghp_[A-Za-z0-9]{36}\b|\bxox[abp]-[0-9A-Za-z-]{10,}/,
    "an API key",
  ],
] as const;

/** Whether the name of a variable indicates a secret value. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !FILE_NAME.test(name);
}

/** Returns the kind of secret that a plain value appears to be, or undefined. The result does not contain the value. */
export function secretIn(name: string, value: unknown): string | undefined {
  if (typeof value !== "string" || value === "") {
    return undefined;
  }
  const telling = TELLING.find(([pattern]) => pattern.test(value))?.[1];
  return telling ?? (isSecretName(name) ? "a secret by its name" : undefined);
}
