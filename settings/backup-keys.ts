/** Encryption keys of dumps in a stack's config. */
export interface BackupKeys {
  /** Public keys. A dump needs only these. */
  readonly recipients: readonly string[];
  /** Whether config holds a private key (`longshore:backupIdentity`, encrypted). Only a restore needs it. */
  readonly hasIdentity: boolean;
}

/**
 * Reads the encryption keys of dumps.
 * @param values the values below `longshore:` in a stack file, validated or not
 */
export function backupKeys(values: Readonly<Record<string, unknown>>): BackupKeys {
  const { recipients } = (values["backups"] ?? {}) as { readonly recipients?: unknown };
  return {
    recipients: Array.isArray(recipients) ? recipients.filter((one) => typeof one === "string") : [],
    hasIdentity: values["backupIdentity"] !== undefined,
  };
}
