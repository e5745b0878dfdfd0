import type { Source } from "../types";

/** Units, named as in Grafana. */
export type Unit = "percentunit" | "bytes" | "Bps" | "s" | "reqps" | "ops" | "short" | "cores";

/** The content of one panel. A stat or table has one query; a graph has one query per line or family of lines. */
export interface PanelDescription {
  readonly title: string;
  readonly kind?: "stat" | "graph" | "table";
  readonly unit?: Unit;
  /** PromQL expressions by legend, such as `{{service}}`. */
  readonly queries: Readonly<Record<string, string>>;
  readonly description?: string;
  /** Value from which a stat is red. @default - never */
  readonly red?: number;
  /** The only metrics source with the panel's metrics. @default - every source */
  readonly only?: Source;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly PanelDescription[];
  /** Applies to all panels of the row. @default - every source */
  readonly only?: Source;
}

export interface DashboardDescription {
  readonly name: string;
  readonly description: string;
  /** A series of every system and service, from which the filters take their values. */
  readonly choices: string;
  readonly rows: readonly Row[];
}

/** Returns the rows with at least one panel for the source. */
export function rowsFor(source: Source, rows: readonly Row[]): Row[] {
  const shown = ({ only = source }: Row | PanelDescription) => only === source;
  return rows
    .filter(shown)
    .map((row) => ({ ...row, panels: row.panels.filter(shown) }))
    .filter(({ panels }) => panels.length > 0);
}

/** Dimensions of a grid, in its own units. */
export interface Grid {
  /** Number of columns. Divisible by four. */
  readonly width: number;
  /** Heights. A table is as high as a graph. */
  readonly heading: number;
  readonly stat: number;
  readonly graph: number;
}

/** A panel or row heading with its position. */
export interface Arranged {
  readonly title: string;
  readonly panel?: PanelDescription;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Arranges rows below each other, with four stats or two graphs side by side. */
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
