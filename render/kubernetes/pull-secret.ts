import { namespaced, type Context } from "./context";
import type { KubernetesObject } from "./types";

/**
 * Name of the pull secret. Unlike the names of other Secrets, it does not depend on the content. A pod keeps the Secret
 * names that its service account had at creation, and the Secret is read at each pull. A constant name therefore lets
 * running pods use a new password without a replacement. A changed Secret is deleted and recreated; the kubelet retries
 * a pull in between.
 */
const NAME = "registry-login";

/** Renders the pull secret of the namespace, unless nodes have their own credentials. */
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

/**
 * Returns the reference for service accounts. Pod specifications have none, so that Deployments and the names of Jobs
 * do not depend on it.
 */
export function pullSecrets<T>({ options }: Context<T>): Pick<KubernetesObject<T>, string> {
  return options.pullLogin === undefined ? {} : { imagePullSecrets: [{ name: NAME }] };
}
