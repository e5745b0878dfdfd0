/** Folder of the node exporter whose files `*.prom` are part of its metrics. The command line copies files into it. */
export const TEXTFILES = "/var/lib/node-exporter";
/** Time of the newest complete dump of a datastore, in Unix seconds. Absent without a dump. */
export const BACKUP_LAST = "longshore_backup_last_success_timestamp_seconds";
/** Time until which the next dump must be complete, in Unix seconds. Only of datastores with a schedule. */
export const BACKUP_DUE = "longshore_backup_due_timestamp_seconds";
/** Time from which the certificate of a system's reverse proxy is no longer valid, in Unix seconds. */
export const CERTIFICATE_END = "longshore_certificate_not_after_timestamp_seconds";
