/** What config says about the encryption of dumps. */
export interface BackupKeys {
  /** Public keys: everything that dumps needs. */
  readonly recipients: readonly string[];
  /** Whether config holds a private key (`longshore:backupIdentity`, encrypted). Only a restore needs it. */
  readonly hasIdentity: boolean;
}

/** @param values what is below `longshore:` in a stack's file, checked or not */
export function backupKeys(values: Readonly<Record<string, unknown>>): BackupKeys {
  const { recipients } = (values["backups"] ?? {}) as { readonly recipients?: unknown };
  return {
    recipients: Array.isArray(recipients) ? recipients.filter((one) => typeof one === "string") : [],
    hasIdentity: values["backupIdentity"] !== undefined,
  };
}
