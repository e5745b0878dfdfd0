import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { Component, stateful, type Lifecycle, type Transform } from "./component";
import { cloudSqlSpec, type CloudSqlSpecArgs } from "./postgres.args";

export interface CloudSqlPostgresArgs extends CloudSqlSpecArgs {
  project: string;
  region: string;
  /** Self link of the network of its private address. Add that network's `managedAccess` to `dependsOn`. */
  network: pulumi.Input<string>;
  /** Name of the database. */
  database: string;
  /** The administrator, which creates all other roles with SQL. */
  admin: { name: string; password: pulumi.Input<string> };
  /** @default "retain" */
  lifecycle?: Lifecycle;
  transform?: {
    instance?: Transform<gcp.sql.DatabaseInstanceArgs>;
    database?: Transform<gcp.sql.DatabaseArgs>;
  };
}

/**
 * PostgreSQL on Cloud SQL: private address, TLS only, point-in-time recovery within the last week.
 *
 * @example
 * const db = new CloudSqlPostgres("orders-db", {
 *   project, region, network: network.network.selfLink, database: "orders",
 *   admin: { name: "postgres", password },
 * }, { dependsOn: [network.managedAccess] });
 */
export class CloudSqlPostgres extends Component {
  readonly instance: gcp.sql.DatabaseInstance;
  readonly database: gcp.sql.Database;
  readonly admin: gcp.sql.User;
  /** Private address. */
  readonly host: pulumi.Output<string>;
  /** CA certificates (PEM) of the server; several while Google rotates them. */
  readonly authority: pulumi.Output<string>;
  readonly port = 5432;

  constructor(name: string, args: CloudSqlPostgresArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:data:CloudSqlPostgres", name, opts);
    this.instance = this.createInstance(args);
    this.database = this.createDatabase(args);
    this.admin = this.createAdmin(args);
    this.host = this.instance.privateIpAddress;
    this.authority = this.instance.serverCaCerts.apply((all) => all.map(({ cert }) => cert).join("\n"));
    this.registerOutputs({ host: this.host, connectionName: this.instance.connectionName });
  }

  private createInstance(args: CloudSqlPostgresArgs): gcp.sql.DatabaseInstance {
    const { project, region, network, lifecycle = "retain", transform } = args;
    const { settings, ...spec } = cloudSqlSpec(this.label, args, lifecycle === "retain");
    const ipConfiguration = { ...settings.ipConfiguration, privateNetwork: network };
    return this.child(
      gcp.sql.DatabaseInstance,
      "instance",
      { ...spec, project, region, settings: { ...settings, ipConfiguration } },
      {
        ...stateful(lifecycle),
        // The disk grows automatically; the argument is the initial size.
        ignoreChanges: ["settings.diskSize"],
        customTimeouts: { create: "60m", update: "60m", delete: "30m" },
        transform: transform?.instance,
      },
    );
  }

  private createDatabase({ project, database, lifecycle = "retain", transform }: CloudSqlPostgresArgs) {
    return this.child(
      gcp.sql.Database,
      "database",
      // Open sessions of a stopping service would fail the deletion.
      { project, name: database, instance: this.instance.name, deletionPolicy: "ABANDON" },
      { ...stateful(lifecycle), transform: transform?.database },
    );
  }

  private createAdmin({ project, admin }: CloudSqlPostgresArgs): gcp.sql.User {
    return this.child(gcp.sql.User, "admin", {
      project,
      instance: this.instance.name,
      name: admin.name,
      password: pulumi.secret(admin.password),
      // A role that owns objects cannot be dropped; it is deleted with the instance.
      deletionPolicy: "ABANDON",
    });
  }
}
