/** Whether a cluster sets the label itself, such as `kubernetes.io/arch`. All other labels are set by an operator. */
export function isGivenByCluster(label: string): boolean {
  return /(^|\.)(kubernetes\.io|k8s\.io|cloud\.google\.com|nvidia\.com)\//.test(label);
}

const LABEL = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

/** Whether Kubernetes accepts the name and value as a label. */
export function isLabel(name: string, value: string): boolean {
  return LABEL.test(name) && LABEL_VALUE.test(value);
}
