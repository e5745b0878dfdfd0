import type { JsonOption, StackOption, SystemOption } from "../support/options";

export interface UpgradeOptions extends StackOption, SystemOption, JsonOption {
  /** Major version to move the data to. */
  readonly to?: number;
  /** Whether to copy beside the running datastore, report, and remove the copy. @default false */
  readonly rehearse?: boolean;
  /** Whether to return to the data from before the last upgrade. @default false */
  readonly back?: boolean;
  /** Whether to delete the data from before the last upgrade. @default false */
  readonly forget?: boolean;
  readonly yes?: boolean;
}
