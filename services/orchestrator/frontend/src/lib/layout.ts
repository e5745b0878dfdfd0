/** Where the steps of a graph are drawn: in columns, each step to the right of all that it needs. */
export interface GraphStep {
  readonly id: string;
  readonly needs: readonly string[];
}

export interface Place {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
  /** An SVG path from the right side of one step to the left side of the other. */
  readonly path: string;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly places: readonly Place[];
  readonly edges: readonly Edge[];
}

export const NODE = { width: 164, height: 52 };
const GAP = { x: 56, y: 20 };
const MARGIN = 4;

/** @param steps with ids of their own; needs that are no steps are left out */
export function layout(steps: readonly GraphStep[]): Layout {
  const known = new Map(steps.map((step) => [step.id, step]));
  const columnOf = new Map<string, number>();
  // While it is being typed a graph may have circles: a step that is being looked at does not count.
  const open = new Set<string>();
  const column = (step: GraphStep): number => {
    const found = columnOf.get(step.id);
    if (found !== undefined) {
      return found;
    }
    open.add(step.id);
    const needed = step.needs.flatMap((id) => (open.has(id) ? [] : (known.get(id) ?? [])));
    const placed = Math.max(-1, ...needed.map(column)) + 1;
    open.delete(step.id);
    columnOf.set(step.id, placed);
    return placed;
  };
  const columns: GraphStep[][] = [];
  for (const step of steps) {
    (columns[column(step)] ??= []).push(step);
  }

  // Each column in the order of what its steps need, so that few lines cross.
  const rows = new Map<string, number>();
  const tallest = Math.max(1, ...columns.map((steps) => steps.length));
  for (const steps of columns) {
    const offset = (tallest - steps.length) / 2;
    const weight = (step: GraphStep) => {
      const above = step.needs.flatMap((id) => rows.get(id) ?? []);
      return above.length === 0 ? 0 : above.reduce((sum, row) => sum + row, 0) / above.length;
    };
    steps
      .map((step) => ({ step, weight: weight(step) }))
      .sort((a, b) => a.weight - b.weight)
      .forEach(({ step }, row) => rows.set(step.id, row + offset));
  }

  const places = steps.map(({ id }) => ({
    id,
    x: MARGIN + (columnOf.get(id) ?? 0) * (NODE.width + GAP.x),
    y: MARGIN + (rows.get(id) ?? 0) * (NODE.height + GAP.y),
  }));
  const placeOf = new Map(places.map((place) => [place.id, place]));
  const edges = steps.flatMap((step) =>
    step.needs.flatMap((need) => {
      const from = placeOf.get(need);
      const to = placeOf.get(step.id);
      return from && to ? [{ from: need, to: step.id, path: curve(from, to) }] : [];
    }),
  );
  return {
    width: 2 * MARGIN + columns.length * NODE.width + Math.max(0, columns.length - 1) * GAP.x,
    height: 2 * MARGIN + tallest * NODE.height + (tallest - 1) * GAP.y,
    places,
    edges,
  };
}

function curve(from: Place, to: Place): string {
  const [x1, y1] = [from.x + NODE.width, from.y + NODE.height / 2];
  const [x2, y2] = [to.x, to.y + NODE.height / 2];
  const bend = GAP.x / 2;
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
