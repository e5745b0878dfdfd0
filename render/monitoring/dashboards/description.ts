import type { Source } from "../types";

/** Grafana's names of units. */
export type Unit = "percentunit" | "bytes" | "Bps" | "s" | "reqps" | "ops" | "short" | "cores";

/** What one panel shows. Of a stat and a table there is one query, of a graph one per line or family of lines. */
export interface PanelDescription {
  readonly title: string;
  readonly kind?: "stat" | "graph" | "table";
  readonly unit?: Unit;
  /** PromQL by legend, such as `{{service}}`. */
  readonly queries: Readonly<Record<string, string>>;
  readonly description?: string;
  /** From where a stat is red. @default - never */
  readonly red?: number;
  /** The only source that has its metrics. @default - every source */
  readonly only?: Source;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly PanelDescription[];
  /** As of a panel, for all of them. @default - everywhere */
  readonly only?: Source;
}

export interface DashboardDescription {
  readonly name: string;
  readonly description: string;
  /** A series that every system and service that can be chosen has. */
  readonly choices: string;
  readonly rows: readonly Row[];
}

/** The rows of which there is something to see. */
export function rowsFor(source: Source, rows: readonly Row[]): Row[] {
  const shown = ({ only = source }: Row | PanelDescription) => only === source;
  return rows
    .filter(shown)
    .map((row) => ({ ...row, panels: row.panels.filter(shown) }))
    .filter(({ panels }) => panels.length > 0);
}

/** A grid that counts in its own units. */
export interface Grid {
  /** Divisible by four. */
  readonly width: number;
  /** Heights. A table is as high as a graph. */
  readonly heading: number;
  readonly stat: number;
  readonly graph: number;
}

/** A panel, or the heading of a row, and its place. */
export interface Arranged {
  readonly title: string;
  readonly panel?: PanelDescription;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Rows below each other, in each four numbers or two graphs side by side. */
export function arrange(rows: readonly Row[], { width, heading, ...heights }: Grid): Arranged[] {
  const arranged: Arranged[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    arranged.push({ title, x: 0, y, w: width, h: heading });
    y += heading;
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      const [w, h] = panel.kind === "stat" ? [width / 4, heights.stat] : [width / 2, heights.graph];
      if (x + w > width) {
        x = 0;
        y += height;
        height = 0;
      }
      arranged.push({ title: panel.title, panel, x, y, w, h });
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return arranged;
}
