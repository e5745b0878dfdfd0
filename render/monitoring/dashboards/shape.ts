import { arrange, rowsFor, type DashboardDescription, type Grid, type PanelDescription } from "./description";

/**
 * The subset of Grafana's dashboards that Longshore uses. `tests/unit/monitoring-dashboards.test.ts` checks the shape.
 */
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
  /** When the variable's values are refreshed: 2 is when the time range changes. */
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

/** The Prometheus data source, as dashboards and provisioning refer to it. */
export const DATASOURCE: Datasource = { type: "prometheus", uid: "longshore-prometheus" };
const GRID: Grid = { width: 24, heading: 1, stat: 4, graph: 8 };

/** Renders a Grafana dashboard with filters for systems and services. */
export function dashboard({ name, description, choices, rows }: DashboardDescription): Dashboard {
  const panels = arrange(rowsFor("compose", rows), GRID).map(
    ({ title, panel: described, ...gridPos }, index) => ({
      id: index + 1,
      ...(described ? { ...panel(described), gridPos } : heading(title, gridPos)),
    }),
  );
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

function heading(title: string, gridPos: Panel["gridPos"]) {
  return { type: "row" as const, title, gridPos, collapsed: false, panels: [] as const };
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
