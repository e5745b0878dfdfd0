import { CloudSqlPostgres, GeneratedSecret } from "@longshore/components";
import { network } from "./network";

/** PostgreSQL with a private address, TLS, a standby, and point-in-time recovery within a week. */
export function postgres(): CloudSqlPostgres {
  const { network: vpc, managedAccess } = network();
  const password = new GeneratedSecret("orders-admin", { length: 40 });
  return new CloudSqlPostgres(
    "orders",
    {
      project: "acme-prod",
      region: "europe-west3",
      network: vpc.selfLink,
      database: "orders",
      admin: { name: "postgres", password: password.value },
      tier: "db-custom-2-7680",
      extensions: ["vector"],
      recoveryDays: 7,
    },
    { dependsOn: [managedAccess] },
  );
}
