import { SPAN, type Signal } from "./signal.ts";

/** What of a canvas' context is drawn with. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  "beginPath" | "clearRect" | "fillText" | "lineTo" | "moveTo" | "setTransform" | "stroke"
> & {
  fillStyle: string | CanvasGradient | CanvasPattern;
  strokeStyle: string | CanvasGradient | CanvasPattern;
  lineWidth: number;
  lineJoin: CanvasLineJoin;
  font: string;
  textBaseline: CanvasTextBaseline;
};

export interface Paper {
  /** Pixels of the style sheet. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the device for each of them. */
  readonly ratio: number;
  /** Microvolts from the middle of a row to its edge. */
  readonly scale: number;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
}

/** Pixels left of the curves, for the channels' names. */
export const MARGIN = 40;

/** Draws all channels, one row each, the newest sample at the right edge, one vertical line per second. */
export function draw(pen: Pen, signal: Signal, paper: Paper): void {
  const { width, height, ratio, scale } = paper;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.lineWidth = 1;
  pen.strokeStyle = paper.line;
  pen.beginPath();
  for (let second = 0; second <= SPAN; second++) {
    const x = MARGIN + ((width - MARGIN) * second) / SPAN;
    pen.moveTo(x, 0);
    pen.lineTo(x, height);
  }
  pen.stroke();

  const rows = Math.max(signal.channels.length, 1);
  const row = height / rows;
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.lineWidth = 1.25;
  pen.lineJoin = "round";
  signal.channels.forEach((name, channel) => {
    const middle = row * (channel + 0.5);
    pen.fillStyle = paper.muted;
    pen.fillText(name, 2, middle, MARGIN - 6);
    pen.strokeStyle = paper.ink;
    pen.beginPath();
    curve(signal.read(channel), {
      x: (index, count) => MARGIN + ((width - MARGIN) * (index + 1)) / count,
      // What is larger than the scale reaches into the rows beside it, and no further.
      y: (value) => middle - Math.max(-1.5, Math.min(1.5, value / scale)) * (row / 2),
      move: (x, y) => pen.moveTo(x, y),
      line: (x, y) => pen.lineTo(x, y),
    });
    pen.stroke();
  });
}

interface Plot {
  readonly x: (index: number, count: number) => number;
  readonly y: (value: number) => number;
  readonly move: (x: number, y: number) => void;
  readonly line: (x: number, y: number) => void;
}

/** A line through all values; where one is missing it is interrupted. */
export function curve(values: Float32Array, { x, y, move, line }: Plot): void {
  let isDown = false;
  values.forEach((value, index) => {
    if (Number.isNaN(value)) {
      isDown = false;
      return;
    }
    (isDown ? line : move)(x(index, values.length), y(value));
    isDown = true;
  });
}
