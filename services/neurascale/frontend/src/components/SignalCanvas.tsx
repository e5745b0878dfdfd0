import { useEffect, useRef, type RefObject } from "react";
import { draw } from "../lib/draw.ts";
import type { Signal } from "../lib/signal.ts";

/** Pixels per channel. */
const ROW = 44;

/** The curves of all channels, as sharp as the screen can show them. */
export function SignalCanvas({
  signal,
  scale,
  label,
  rows,
  redraw,
}: {
  signal: Signal;
  scale: number;
  label: string;
  rows: number;
  /** Is given what has to be called when the signal has changed. */
  redraw: RefObject<() => void>;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (!element || !pen) {
      return;
    }
    let frame = 0;
    const paint = () => {
      frame = 0;
      const ratio = window.devicePixelRatio || 1;
      const { clientWidth: width, clientHeight: height } = element;
      const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (element.width !== across || element.height !== down) {
        element.width = across;
        element.height = down;
      }
      const style = getComputedStyle(element);
      const colour = (name: string) => style.getPropertyValue(name).trim();
      draw(pen, signal, {
        width,
        height,
        ratio,
        scale,
        ink: colour("--curve"),
        muted: colour("--muted"),
        line: colour("--line"),
      });
    };
    // However often samples come, once per frame is enough.
    const ask = () => {
      frame ||= requestAnimationFrame(paint);
    };
    redraw.current = ask;
    ask();
    const sizes = new ResizeObserver(ask);
    sizes.observe(element);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", ask);
    return () => {
      redraw.current = () => undefined;
      cancelAnimationFrame(frame);
      sizes.disconnect();
      dark.removeEventListener("change", ask);
    };
  }, [signal, scale, redraw]);
  return (
    <canvas
      ref={canvas}
      className="signal"
      role="img"
      aria-label={label}
      style={{ blockSize: `${Math.max(rows, 1) * ROW}px` }}
    />
  );
}
