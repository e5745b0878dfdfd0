export type Status = "queued" | "analyzing" | "done" | "failed";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Lengths are pixels of the upright picture, areas are shares of it. */
export interface Figures {
  readonly width: number;
  readonly height: number;
  readonly negative_space: number;
  readonly largest_rectangle: (Box & { readonly area: number }) | null;
  readonly largest_circle: {
    readonly x: number;
    readonly y: number;
    readonly radius: number;
    readonly area: number;
  } | null;
  readonly subject: { readonly x: number; readonly y: number; readonly offset: number } | null;
  readonly regions: {
    readonly count: number;
    readonly enclosed: number;
    readonly largest: readonly (Box & { readonly area: number; readonly enclosed: boolean })[];
  };
}

export interface PictureSummary {
  readonly id: string;
  readonly name: string;
  readonly media_type: string;
  readonly size: number;
  readonly status: Status;
  readonly problem: string | null;
  readonly created_at: string;
  /** In lists, of those that are done. */
  readonly negative_space?: number;
}

export interface Picture extends PictureSummary {
  readonly analysis: Figures | null;
}

export interface Page {
  readonly items: readonly PictureSummary[];
  /** What to ask the next page with; null on the last. */
  readonly next: string | null;
}
