import { z } from "zod";
import type { MediaType } from "./sniff.ts";

/** Which analysis results are: of the same picture and version they are the same. The analyzer refuses others. */
export const ANALYSIS_VERSION = "v1";

const pixels = z.number().nonnegative();
const share = z.number().min(0).max(1);
const box = z.object({ x: pixels, y: pixels, width: pixels, height: pixels });

/** What an analysis found. Lengths are pixels of the upright picture, areas are shares of it. */
export const figures = z.object({
  width: z.int().positive(),
  height: z.int().positive(),
  negative_space: share,
  largest_rectangle: box.extend({ area: share }).nullable(),
  largest_circle: z.object({ x: pixels, y: pixels, radius: pixels, area: share }).nullable(),
  subject: z.object({ x: pixels, y: pixels, offset: z.number().nonnegative() }).nullable(),
  regions: z.object({
    count: z.int().nonnegative(),
    enclosed: z.int().nonnegative(),
    largest: z.array(box.extend({ area: share, enclosed: z.boolean() })),
  }),
});
export type Figures = z.infer<typeof figures>;

export interface Analysis {
  readonly figures: Figures;
  /** A transparent picture to be laid over the original. */
  readonly overlay: Buffer;
  readonly thumbnail: Buffer;
}

export const ARTEFACTS = ["overlay", "thumbnail"] as const;
export type Artefact = (typeof ARTEFACTS)[number];

export type Status = "queued" | "analyzing" | "done" | "failed";

export interface Picture {
  readonly id: string;
  readonly name: string;
  readonly mediaType: MediaType;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly status: Status;
  /** Why the analysis failed. */
  readonly problem: string | null;
  readonly createdAt: Date;
  /** In lists, of those that are done. */
  readonly negativeSpace?: number;
}

/** A picture that this process may analyze until its lease is over. */
export interface Claim {
  readonly id: string;
  readonly sha256: string;
  readonly lease: string;
  readonly attempts: number;
}

/** What the service keeps. Everything but the cache goes through it. */
export interface Store {
  /** Whether the schema is there. Throws when the database is not. */
  check(): Promise<void>;
  begin(id: string, name: string): Promise<void>;
  append(id: string, number: number, data: Buffer): Promise<void>;
  /** Makes an upload visible: done when its analysis is known already, else queued. */
  finish(id: string, found: { mediaType: MediaType; size: number; sha256: string }): Promise<Picture>;
  find(id: string): Promise<Picture | undefined>;
  /** The newest first; `before` is the id of the last one seen. */
  list(limit: number, before?: string): Promise<readonly Picture[]>;
  /** The picture's bytes, piece by piece. */
  content(id: string): AsyncIterable<Buffer>;
  /** Whether there was one, and whether its analysis went with it. */
  remove(id: string): Promise<{ sha256: string; orphaned: boolean } | undefined>;
  figures(sha256: string): Promise<Figures | undefined>;
  artefact(sha256: string, artefact: Artefact): Promise<Buffer | undefined>;
  claim(lease: string, milliseconds: number): Promise<Claim | undefined>;
  complete(claim: Claim, analysis: Analysis): Promise<void>;
  fail(claim: Claim, problem: string): Promise<void>;
  /** Gives a claim back: `counted` says whether the attempt was one. */
  release(claim: Claim, milliseconds: number, counted: boolean): Promise<void>;
  /** Deletes abandoned uploads. */
  sweep(): Promise<number>;
  close(): Promise<void>;
}
