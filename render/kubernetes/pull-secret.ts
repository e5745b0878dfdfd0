import { namespaced, type Context } from "./context";
import type { KubernetesObject } from "./types";

/**
 * The same whatever it holds, unlike the names of other Secrets. A pod keeps the names that its account had when it was
 * made, and looks into the Secret only to pull: under one name a new password serves the pods that run as well, and
 * none of them has to be replaced for it. A changed Secret is deleted and recreated; a pull in between is retried.
 */
const NAME = "registry-login";

/** With what pods of the namespace pull, or nothing where nodes can do so by themselves. */
export function renderPullSecret<T>(context: Context<T>): KubernetesObject<T>[] {
  const { pullLogin } = context.options;
  return pullLogin === undefined
    ? []
    : [
        namespaced(context, "v1", "Secret", NAME, {
          type: "kubernetes.io/dockerconfigjson",
          stringData: { ".dockerconfigjson": pullLogin },
        }),
      ];
}

/** For accounts, not pods: a Deployment stays as it is, and a Job keeps its name, with a login and without. */
export function pullSecrets<T>({ options }: Context<T>): Pick<KubernetesObject<T>, string> {
  return options.pullLogin === undefined ? {} : { imagePullSecrets: [{ name: NAME }] };
}
