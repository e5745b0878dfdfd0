import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component, type Transform } from "./component";
import { IDENTITY_ANNOTATION } from "./identity.args";

export interface WorkloadIdentityArgs {
  project: string;
  /** Unique in the project, 6 to 30 characters. `accountId()` derives one from names. */
  accountId: string;
  /** The Kubernetes ServiceAccount that impersonates this account, as `namespace` and `name`. */
  serviceAccount: { namespace: string; name: string };
  /** Its roles in the project, such as `roles/managedkafka.client`. */
  roles: readonly string[];
  transform?: {
    account?: Transform<gcp.serviceaccount.AccountArgs>;
    role?: Transform<gcp.projects.IAMMemberArgs>;
  };
}

/**
 * The Google Cloud identity of a GKE workload, without keys: a service account with the given roles. Set
 * `annotations` on the workload's Kubernetes ServiceAccount.
 *
 * @example
 * const identity = new WorkloadIdentity("orders-worker", {
 *   project, accountId: "orders-worker", serviceAccount: { namespace: "orders", name: "worker" },
 *   roles: ["roles/managedkafka.client"],
 * });
 */
export class WorkloadIdentity extends Component {
  readonly account: gcp.serviceaccount.Account;
  readonly roles: readonly gcp.projects.IAMMember[];
  /** Allows the Kubernetes ServiceAccount to impersonate the service account. */
  readonly binding: gcp.serviceaccount.IAMMember;
  readonly email: pulumi.Output<string>;
  readonly annotations: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: WorkloadIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("longshore:platform:WorkloadIdentity", name, opts);
    const { project, accountId, serviceAccount, roles, transform } = args;
    const { namespace, name: own } = serviceAccount;
    this.account = this.child(
      gcp.serviceaccount.Account,
      "account",
      { project, accountId, displayName: `${own} of ${namespace}` },
      { transform: transform?.account },
    );
    const { member } = this.account;
    this.roles = roles.map((role) =>
      this.child(
        gcp.projects.IAMMember,
        role.replace(/^.*roles\//, "").replace(/[^A-Za-z0-9]+/g, "-"),
        { project, role, member },
        { transform: transform?.role },
      ),
    );
    this.binding = this.child(gcp.serviceaccount.IAMMember, "binding", {
      serviceAccountId: this.account.name,
      role: "roles/iam.workloadIdentityUser",
      member: `serviceAccount:${project}.svc.id.goog[${namespace}/${own}]`,
    });
    this.email = this.account.email;
    this.annotations = { [IDENTITY_ANNOTATION]: this.email };
    this.registerOutputs({ email: this.email });
  }
}
