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
