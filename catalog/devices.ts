/** By which GKE names the kind of GPU of its nodes, and the smallest that most regions offer. */
export const GOOGLE_GPU = { label: "cloud.google.com/gke-accelerator", smallest: "nvidia-l4" } as const;

/** Labels that a cluster gives its nodes by itself, such as `kubernetes.io/arch`. All others are an operator's. */
export function isGivenByCluster(label: string): boolean {
  return /(^|\.)(kubernetes\.io|k8s\.io|cloud\.google\.com|nvidia\.com)\//.test(label);
}

const LABEL = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

/** Whether Kubernetes takes it as a label. */
export function isLabel(name: string, value: string): boolean {
  return LABEL.test(name) && LABEL_VALUE.test(value);
}

/** Kinds of devices that a container may be given: where they are, and by which number the kernel knows them. */
export interface DeviceKind {
  readonly example: string;
  readonly pattern: RegExp;
  /** Major number of its character devices (the kernel's `devices.txt`). */
  readonly major: number;
  /** A folder whose devices come and go, or one device. */
  readonly isFolder: boolean;
}

export const DEVICES: readonly DeviceKind[] = [
  { example: "/dev/bus/usb", pattern: /^\/dev\/bus\/usb$/, major: 189, isFolder: true },
  { example: "/dev/ttyUSB0", pattern: /^\/dev\/ttyUSB\d{1,3}$/, major: 188, isFolder: false },
  { example: "/dev/ttyACM0", pattern: /^\/dev\/ttyACM\d{1,3}$/, major: 166, isFolder: false },
];

export function deviceKind(path: string): DeviceKind | undefined {
  return DEVICES.find(({ pattern }) => pattern.test(path));
}
