/** The part of Grafana's dashboards that Longshore writes. Plain data; `tests/unit/monitoring-dashboards.test.ts` holds it to the shape. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly schemaVersion: 39;
  readonly editable: false;
  readonly refresh: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly type: "query";
  readonly datasource: Datasource;
  readonly query: { readonly query: string; readonly refId: string };
  readonly includeAll: boolean;
  readonly multi: boolean;
  readonly allValue: string;
  readonly current: { readonly text: string; readonly value: string };
  /** When the variable's values are looked up: 2 is when the time range changes. */
  readonly refresh: 2;
  readonly sort: 1;
}

interface Datasource {
  readonly type: "prometheus";
  readonly uid: string;
}

export interface Panel {
  readonly id: number;
  readonly type: "row" | "stat" | "timeseries" | "table";
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: Datasource;
  readonly targets?: readonly Target[];
  readonly fieldConfig?: object;
  readonly options?: object;
  readonly collapsed?: boolean;
  readonly panels?: readonly [];
}

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: Datasource;
  readonly instant?: boolean;
  readonly format?: "table";
}

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
  /** Where a stat turns red. @default - never */
  readonly red?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly PanelDescription[];
}

/** Name by which dashboards know Prometheus; the provisioned data source has it. */
export const DATASOURCE: Datasource = { type: "prometheus", uid: "longshore-prometheus" };
/** Width of Grafana's grid. */
const WIDTH = 24;
const HEIGHT = { stat: 4, graph: 8, table: 8 };

export interface DashboardDescription {
  readonly name: string;
  readonly description: string;
  /** A series that every system and service that can be chosen has. */
  readonly choices: string;
  readonly rows: readonly Row[];
}

/** A dashboard with rows of panels, four numbers or two graphs side by side, for the systems and services that are chosen. */
export function dashboard({ name, description, choices, rows }: DashboardDescription): Dashboard {
  const panels: Panel[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title: row.title,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
      collapsed: false,
      panels: [],
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const described of row.panels) {
      const { kind = "graph" } = described;
      const w = kind === "stat" ? WIDTH / 4 : WIDTH / 2;
      if (x + w > WIDTH) {
        x = 0;
        y += height;
        height = 0;
      }
      panels.push({ id: panels.length + 1, ...panel(described), gridPos: { x, y, w, h: HEIGHT[kind] } });
      x += w;
      height = Math.max(height, HEIGHT[kind]);
    }
    y += height;
  }
  return {
    uid: `longshore-${name.toLowerCase()}`,
    title: name,
    description,
    tags: ["longshore"],
    schemaVersion: 39,
    editable: false,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    templating: {
      list: [
        variable("system", "System", `label_values(${choices}, system)`),
        variable("service", "Service", `label_values(${choices}{system=~"$system"}, service)`),
      ],
    },
    panels,
  };
}

function variable(name: string, label: string, query: string): Variable {
  return {
    name,
    label,
    type: "query",
    datasource: DATASOURCE,
    query: { query, refId: name },
    includeAll: true,
    multi: true,
    allValue: ".*",
    current: { text: "All", value: "$__all" },
    refresh: 2,
    sort: 1,
  };
}

const REF_IDS = "ABCDEFGH";

function panel({ title, kind = "graph", unit = "short", queries, description, red }: PanelDescription) {
  const instant = kind !== "graph";
  const steps = [
    { color: "green", value: null },
    ...(red === undefined ? [] : [{ color: "red", value: red }]),
  ];
  return {
    type: ({ stat: "stat", graph: "timeseries", table: "table" } as const)[kind],
    title,
    ...(description !== undefined && { description }),
    datasource: DATASOURCE,
    targets: Object.entries(queries).map(([legendFormat, expr], index) => ({
      refId: REF_IDS[index] ?? "Z",
      expr,
      legendFormat,
      datasource: DATASOURCE,
      ...(instant && { instant }),
      ...(kind === "table" && { format: "table" as const }),
    })),
    fieldConfig: {
      defaults: { unit, min: 0, thresholds: { mode: "absolute", steps } },
      overrides: [],
    },
    options:
      kind === "stat"
        ? { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "background" }
        : kind === "graph"
          ? { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } }
          : {},
  };
}
