/** What the API gives. Amplitudes are in microvolts, powers in microvolts squared. */
export const BANDS = ["delta", "theta", "alpha", "beta", "gamma"] as const;
export type Band = (typeof BANDS)[number];

/** Hertz. */
export const RANGES: Readonly<Record<Band, string>> = {
  delta: "0.5–4",
  theta: "4–8",
  alpha: "8–13",
  beta: "13–30",
  gamma: "30–45",
};

export type DeviceStatus = "idle" | "starting" | "streaming" | "failed";

export interface Device {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly simulated: boolean;
  /** False: seen, but there is no driver for it. */
  readonly supported: boolean;
  readonly rate: number;
  readonly channels: readonly string[];
  readonly present: boolean;
  readonly status: DeviceStatus;
  readonly recording_id: string | null;
  readonly error: string | null;
}

export interface Discovery {
  readonly kind: string;
  readonly available: boolean;
  readonly detail: string;
}

export interface DeviceList {
  readonly items: readonly Device[];
  readonly discovery: readonly Discovery[];
  /** Seconds between two looks for devices. */
  readonly interval: number;
}

export interface Samples {
  readonly recording_id: string;
  readonly sequence: number;
  readonly rate: number;
  /** One list per channel, of equal lengths. */
  readonly values: readonly (readonly number[])[];
}

export interface Window {
  readonly index: number;
  readonly time: string;
  readonly mean: Readonly<Record<Band, number>>;
  readonly dominant: Band;
}

export interface Prediction {
  readonly index: number;
  readonly time: string;
  readonly label: string;
  readonly probability: number;
  readonly model: string;
}

export interface Latest {
  readonly window: Window | null;
  readonly prediction: Prediction | null;
}

export interface Session {
  readonly token: string;
  readonly subject: string;
  readonly expires_at: string;
}

/** What a simulated headset should pretend to measure. */
export type SimulatedSignal =
  | { readonly kind: "eyes-open" | "eyes-closed" }
  | { readonly kind: "alternating"; readonly seconds: number }
  | { readonly kind: "sine"; readonly frequency: number; readonly amplitude: number };
