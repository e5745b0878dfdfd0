/** GKE's node label for the GPU type, and the smallest type that most regions offer. */
export const GOOGLE_GPU = { label: "cloud.google.com/gke-accelerator", smallest: "nvidia-l4" } as const;

/** A kind of host device that a container can use. */
export interface DeviceKind {
  readonly example: string;
  readonly pattern: RegExp;
  /** Major number of its character devices (the kernel's `devices.txt`). */
  readonly major: number;
  /** Whether the path is a directory with hot-plugged devices instead of one device. */
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
