import type * as pulumi from "@pulumi/pulumi";
import type {
  Plan,
  PlannedDatastore,
  PlannedKafka,
  PlannedPostgres,
  PlannedRedis,
} from "../catalog/plan/types";
import type { Lifecycle } from "../components/component";
import { ManagedKafka } from "../components/kafka";
import { CloudSqlPostgres } from "../components/postgres";
import { MemorystoreRedis } from "../components/redis";
import { cloudSqlArgs, managedKafkaArgs, memorystoreArgs } from "./store-args";
import type { GooglePlatform } from "./system-platform";

/** A managed datastore, as the rest of a system uses it. */
export interface ManagedStore {
  readonly component: CloudSqlPostgres | ManagedKafka | MemorystoreRedis;
  readonly host: pulumi.Output<string>;
  /** CIDR of the addresses that its clients connect to. @default - its host */
  readonly range?: string;
  /** Resources that must exist before clients connect. */
  readonly ready: readonly pulumi.Resource[];
  /** Values of the plan's secrets that the managed service generates, by name. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
}

export interface ManagedStoresContext {
  readonly platform: GooglePlatform;
  readonly lifecycle: Lifecycle;
  /** Returns the value of a secret that Longshore generates. */
  readonly secret: (name: string) => pulumi.Output<string>;
  /** Returns the e-mail addresses of the Google service accounts of a datastore's clients. */
  readonly clients: (datastore: string) => readonly pulumi.Output<string>[];
  readonly stack: string;
}

/** Creates the managed datastores of a system. Returns them by name. */
export function createManagedStores(
  { system, datastores }: Plan,
  context: ManagedStoresContext,
  parent: pulumi.Resource,
): Map<string, ManagedStore> {
  const opts = { parent, dependsOn: [context.platform.network.managedAccess] };
  const create = (datastore: PlannedDatastore): ManagedStore | undefined => {
    const name = `${system}-${datastore.name}`;
    switch (datastore.kind) {
      case "cloud-sql":
        return postgres(name, datastore, context, opts);
      case "memorystore":
        return redis(name, datastore, context, opts);
      case "managed-kafka":
        return kafka(name, datastore, context, opts);
      case "container":
        return undefined;
    }
  };
  return new Map(
    datastores.flatMap((datastore) => {
      const store = create(datastore);
      return store ? [[datastore.name, store] as const] : [];
    }),
  );
}

function postgres(
  name: string,
  datastore: PlannedPostgres,
  { platform, lifecycle, secret }: ManagedStoresContext,
  opts: pulumi.ComponentResourceOptions,
): ManagedStore {
  const { admin } = datastore.roles;
  const component = new CloudSqlPostgres(
    name,
    {
      ...placeOf(platform),
      ...cloudSqlArgs(datastore),
      lifecycle,
      database: datastore.database,
      admin: { name: admin.name, password: secret(admin.secret) },
    },
    opts,
  );
  return {
    component,
    host: component.host,
    ready: [component.database, component.admin],
    secrets: { [datastore.authority]: component.authority },
  };
}

function redis(
  name: string,
  datastore: PlannedRedis,
  { platform, lifecycle }: ManagedStoresContext,
  opts: pulumi.ComponentResourceOptions,
): ManagedStore {
  const component = new MemorystoreRedis(
    name,
    {
      ...placeOf(platform),
      ...memorystoreArgs(datastore),
      lifecycle,
    },
    opts,
  );
  return {
    component,
    host: component.host,
    ready: [component.instance],
    secrets: { [datastore.login.secret]: component.password, [datastore.authority]: component.authority },
  };
}

function kafka(
  name: string,
  datastore: PlannedKafka,
  { platform, lifecycle, clients, stack }: ManagedStoresContext,
  opts: pulumi.ComponentResourceOptions,
): ManagedStore {
  const { project, region, network } = platform;
  const component = new ManagedKafka(
    name,
    {
      project,
      region,
      subnetwork: network.subnetwork.id,
      // The ID must be unique in the project, which several environments may share.
      clusterId: `${name}-${stack}`,
      ...managedKafkaArgs(datastore),
      clients: clients(datastore.name),
      lifecycle,
    },
    opts,
  );
  const { host, cluster, topics, acls } = component;
  return {
    component,
    host,
    range: network.nodeRange,
    ready: [cluster, ...topics.values(), ...acls.values()],
    secrets: {},
  };
}

function placeOf({ project, region, network }: GooglePlatform) {
  return { project, region, network: network.network.selfLink };
}
