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

export const NODE = { width: 176, height: 52 };
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

  // A line that passes a column gets a slot of its own there, so that it does not run behind a step.
  const slots: Slot[] = steps.map((step) => ({ key: step.id, column: column(step), after: [] }));
  const slotOf = new Map(slots.map((slot) => [slot.key, slot]));
  const lines = steps.flatMap((step) =>
    step.needs.flatMap((need) => {
      const [from, to] = [slotOf.get(need), slotOf.get(step.id)];
      if (!from || !to) {
        return [];
      }
      const through = [from];
      for (let between = from.column + 1; between < to.column; between++) {
        const key = `${need} ${between}`;
        let slot = slotOf.get(key);
        if (!slot) {
          slot = { key, column: between, after: [through.at(-1) ?? from] };
          slots.push(slot);
          slotOf.set(key, slot);
        }
        through.push(slot);
      }
      to.after.push(through.at(-1) ?? from);
      return [{ from: need, to: step.id, through: [...through, to] }];
    }),
  );

  // Each column in the order of what its slots come after, so that few lines cross.
  const columns: Slot[][] = [];
  for (const slot of slots) {
    (columns[slot.column] ??= []).push(slot);
  }
  const rows = new Map<Slot, number>();
  const tallest = Math.max(1, ...columns.map((inColumn) => inColumn.length));
  for (const inColumn of columns) {
    const offset = (tallest - inColumn.length) / 2;
    inColumn
      .map((slot) => ({ slot, weight: average(slot.after.flatMap((before) => rows.get(before) ?? [])) }))
      .sort((one, other) => one.weight - other.weight)
      .forEach(({ slot }, row) => rows.set(slot, row + offset));
  }

  const placed = (slot: Slot): Place => ({
    id: slot.key,
    x: MARGIN + slot.column * (NODE.width + GAP.x),
    y: MARGIN + (rows.get(slot) ?? 0) * (NODE.height + GAP.y),
  });
  return {
    width: 2 * MARGIN + columns.length * NODE.width + Math.max(0, columns.length - 1) * GAP.x,
    height: 2 * MARGIN + tallest * NODE.height + (tallest - 1) * GAP.y,
    places: slots.slice(0, steps.length).map(placed),
    edges: lines.map(({ from, to, through }) => ({ from, to, path: curve(through.map(placed)) })),
  };
}

interface Slot {
  readonly key: string;
  readonly column: number;
  readonly after: Slot[];
}

const average = (numbers: readonly number[]): number =>
  numbers.length === 0 ? 0 : numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/** From the right side of the first place, straight across those between, to the left side of the last one. */
function curve(places: readonly Place[]): string {
  return places
    .slice(1)
    .map((to, index) => {
      const from = places[index] ?? to;
      const [x1, y1] = [from.x + NODE.width, from.y + NODE.height / 2];
      const [x2, y2] = [to.x, to.y + NODE.height / 2];
      const bend = GAP.x / 2;
      const start = index === 0 ? `M${x1} ${y1}` : `H${x1}`;
      return `${start} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
    })
    .join(" ");
}
