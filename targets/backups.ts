import * as pulumi from "@pulumi/pulumi";
import type { Plan, Workload } from "../catalog/plan/types";
import type { BackupBucket } from "../components/backup-bucket";
import { kubernetesObject } from "../components/kubernetes-object";
import { WorkloadIdentity } from "../components/identity";
import { accountId } from "../components/identity.args";
import { Workload as WorkloadComponent } from "../components/workload";
import {
  backedUp,
  backupSecret,
  renderBackup,
  type BackedUp,
  type Retention,
} from "../render/backup/objects";
import type { KubernetesOptions } from "../render/kubernetes";
import { backupAlert } from "../render/monitoring/backup-alert";
import { longestCronPeriod } from "../settings/cron";
import { createSecret } from "./system-secrets";

type Late = pulumi.Output<string>;

export interface BackupsContext {
  readonly project: string;
  readonly stack: string;
  readonly bucket: BackupBucket;
  readonly schedule: string;
  readonly retention: Retention;
  readonly recipients: readonly string[];
  readonly cluster: pulumi.Resource;
  readonly namespace: pulumi.Resource;
  /** The system's workloads: the webhook that checks alert rules has no pod before a cluster's first one. */
  readonly workloads: readonly pulumi.Resource[];
}

/** Creates scheduled dumps of a system's datastores in the cluster, their alerts, and a suspended job that restores one. */
export function createBackups(
  plan: Plan,
  options: KubernetesOptions<Late>,
  context: BackupsContext,
  parent: pulumi.Resource,
): void {
  for (const backup of backedUp(plan)) {
    createBackup(plan, options, context, backup, parent);
  }
}

function createBackup(
  plan: Plan,
  options: KubernetesOptions<Late>,
  { project, stack, bucket, schedule, retention, recipients, cluster, namespace, workloads }: BackupsContext,
  backup: BackedUp,
  parent: pulumi.Resource,
): void {
  const { dump, restore } = backup;
  const identityOf = ({ name }: Workload): WorkloadIdentity =>
    new WorkloadIdentity(
      `${plan.system}-${name}`,
      {
        project,
        accountId: accountId(plan.system, name, stack),
        serviceAccount: { namespace: plan.system, name },
        // Access only to the bucket, not to every bucket of the project.
        roles: [],
      },
      { parent, dependsOn: [cluster] },
    );
  const identities = new Map([dump, restore].map((job) => [job.name, identityOf(job)]));
  const grants = [...identities].map(([name, { account }]) =>
    bucket.allow(`${plan.system}-${name}`, account.member, parent),
  );
  const secrets = new Map(
    [dump, restore].map((job) => [job.name, secretOf(plan, options, job, namespace, parent)]),
  );
  const objects = renderBackup(
    plan,
    {
      ...options,
      secretName: ({ name }) => secrets.get(name) ?? pulumi.output(name),
      accountAnnotations: ({ name }) => identities.get(name)?.annotations ?? {},
    },
    backup,
    { bucket: bucket.name, schedule, retention, recipients },
  );
  new WorkloadComponent(
    `${plan.system}-${backup.store}-backup`,
    { objects, after: [...grants, ...[...identities.values()].map(({ binding }) => binding)] },
    { parent, dependsOn: [namespace] },
  );
  const { system } = plan;
  const periodSeconds = longestCronPeriod(schedule);
  kubernetesObject(
    `${system}-${backup.store}-backup-rules`,
    backupAlert({ system, store: backup.store, job: dump.name, periodSeconds }),
    { parent, dependsOn: [namespace, ...workloads] },
  );
}

function secretOf(
  plan: Plan,
  options: KubernetesOptions<Late>,
  job: Workload,
  namespace: pulumi.Resource,
  parent: pulumi.Resource,
): Late {
  const secret = backupSecret(plan, options, job);
  if (!secret) {
    throw new Error(`internal: ${job.name} has no secret`);
  }
  return createSecret(plan, job, secret, { parent, dependsOn: [namespace] });
}
