import { layout, NODE, type GraphStep } from "../lib/layout.ts";
import type { StepStatus } from "../lib/types.ts";
import { signOf } from "./badge.tsx";

interface Drawn extends GraphStep {
  readonly kind: string;
  readonly status?: StepStatus;
}

/** The graph as a picture. The same is told in words beside it, so it is one image to a screen reader. */
export function Graph({ steps, label }: { steps: readonly Drawn[]; label: string }) {
  const { width, height, places, edges } = layout(steps);
  const known = new Map(steps.map((step) => [step.id, step]));
  return (
    <div className="graph" role="group" aria-label={label} tabIndex={0}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
        {edges.map(({ from, to, path }) => (
          <path key={`${from} ${to}`} className={`edge ${known.get(from)?.status ?? ""}`} d={path} />
        ))}
        {places.map(({ id, x, y }) => {
          const step = known.get(id);
          return (
            <g key={id} className={`node ${step?.status ?? "pending"}`} transform={`translate(${x} ${y})`}>
              <rect width={NODE.width} height={NODE.height} rx="10" />
              <text className="id" x="14" y="22">
                {shorten(id, step?.status ? 14 : 17)}
              </text>
              <text className="kind" x="14" y="40">
                {step?.kind}
                {step?.status ? ` · ${step.status}` : ""}
              </text>
              {step?.status && (
                <text className="sign" x={NODE.width - 14} y="24" textAnchor="end">
                  {signOf(step.status)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </div>
  );
}

const shorten = (text: string, length: number) =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;
