import { descriptions } from ".";
import { arrange, rowsFor, type Grid, type PanelDescription, type Row, type Unit } from "./description";

/**
 * The part of Cloud Monitoring's dashboards that Longshore writes. Fields at their defaults are left out: the API
 * leaves them out of its answers, and the provider would find a difference each time.
 */
export interface CloudDashboard {
  readonly displayName: string;
  readonly dashboardFilters: readonly {
    readonly filterType: "METRIC_LABEL";
    readonly labelKey: string;
    readonly templateVariable: string;
  }[];
  readonly mosaicLayout: { readonly columns: number; readonly tiles: readonly Tile[] };
}

export interface Tile {
  /** @default 0 */
  readonly xPos?: number;
  /** @default 0 */
  readonly yPos?: number;
  readonly width: number;
  readonly height: number;
  readonly widget: Widget;
}

export type Widget = { readonly title: string } & (
  | { readonly sectionHeader: { readonly dividerBelow: true } }
  | { readonly scorecard: Scorecard }
  | { readonly xyChart: { readonly dataSets: readonly DataSet[] } }
  | { readonly timeSeriesTable: { readonly dataSets: readonly { readonly timeSeriesQuery: Query }[] } }
);

interface Scorecard {
  readonly timeSeriesQuery: Query;
  readonly thresholds?: readonly {
    readonly color: "RED";
    readonly direction: "ABOVE";
    readonly value: number;
  }[];
}

interface DataSet {
  readonly plotType: "LINE";
  readonly targetAxis: "Y1";
  readonly legendTemplate: string;
  readonly timeSeriesQuery: Query;
}

interface Query {
  readonly prometheusQuery: string;
  /** As UCUM writes units. @default - that of the metric */
  readonly unitOverride?: string;
}

/** Which system's dashboard it is. */
export interface Shown {
  readonly system: string;
  /** Of the environment, to tell dashboards of one project apart. */
  readonly stack: string;
  /** Name of the cluster, by which Managed Prometheus tells series of one project apart. */
  readonly cluster: string;
}

/** The most columns that there can be, which makes a row about as high as a fortieth of the screen. */
const GRID: Grid = { width: 48, heading: 4, stat: 8, graph: 16 };

const UNITS: Readonly<Record<Unit, string | undefined>> = {
  percentunit: "10^2.%",
  bytes: "By",
  Bps: "By/s",
  s: "s",
  reqps: "1/s",
  ops: "1/s",
  cores: "{cpu}",
  short: undefined,
};

/**
 * All that Grafana's dashboards show of one system, as far as clusters have it: one page, a service or all of them.
 *
 * @throws Error for a query that looks at other clusters or systems too, or needs a choice that there is not
 */
export function cloudDashboard(shown: Shown): CloudDashboard {
  const { system, api, errors, databases } = descriptions;
  const rows = [system, api, errors, databases].flatMap(({ name, rows }) =>
    rowsFor("cluster", rows).map((row): Row => ({ ...row, title: `${name}: ${row.title}` })),
  );
  return {
    displayName: `${shown.system} (${shown.stack})`,
    dashboardFilters: [{ filterType: "METRIC_LABEL", labelKey: "service", templateVariable: "service" }],
    mosaicLayout: {
      columns: GRID.width,
      tiles: arrange(rows, GRID).map(({ title, panel, x, y, w, h }) => ({
        ...(x > 0 && { xPos: x }),
        ...(y > 0 && { yPos: y }),
        width: w,
        height: h,
        widget: { title, ...(panel ? widget(panel, shown) : { sectionHeader: { dividerBelow: true } }) },
      })),
    },
  };
}

/** The text of a dashboard, always the same for the same one, in lines that a diff can name. */
export function cloudDashboardJson(shown: Shown): string {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return JSON.stringify(cloudDashboard(shown), sorted, 2);
}

function widget({ kind = "graph", queries, unit = "short", red }: PanelDescription, shown: Shown) {
  const unitOverride = UNITS[unit];
  const asked = Object.entries(queries).map(([legend, expr]) => ({
    legend: legendOf(legend),
    timeSeriesQuery: {
      prometheusQuery: queryOf(expr, shown),
      ...(unitOverride !== undefined && { unitOverride }),
    },
  }));
  if (kind === "table") {
    return { timeSeriesTable: { dataSets: asked.map(({ timeSeriesQuery }) => ({ timeSeriesQuery })) } };
  }
  const [only] = asked;
  if (kind === "stat" && only) {
    // Red begins above the value here, and with it in Grafana, where these are whole numbers.
    const threshold = { color: "RED" as const, direction: "ABOVE" as const, value: (red ?? 0) - 0.5 };
    return {
      scorecard: {
        timeSeriesQuery: only.timeSeriesQuery,
        ...(red !== undefined && { thresholds: [threshold] }),
      },
    };
  }
  return {
    xyChart: {
      dataSets: asked.map(({ legend, timeSeriesQuery }) => ({
        plotType: "LINE" as const,
        targetAxis: "Y1" as const,
        legendTemplate: legend,
        timeSeriesQuery,
      })),
    },
  };
}

/** `in {{system}}/{{service}}` → `in ${labels.service}`: the page is about one system. */
function legendOf(legend: string): string {
  return legend.replace("{{system}}/", "").replaceAll(/\{\{(\w+)\}\}/g, "${labels.$1}");
}

/** Grafana's choices of systems and services as Cloud Monitoring writes them. */
function queryOf(expr: string, { system, cluster }: Shown): string {
  const query = expr
    .replaceAll('system=~"$system"', `cluster="${cluster}", system="${system}"`)
    .replaceAll('service=~"$service"', 'service=~"${service.value}"')
    .replaceAll("$__rate_interval", "${__interval}");
  if (/\$(?!\{)/.test(query) || !query.includes("cluster=")) {
    throw new Error(`internal: no query for clusters: ${expr}`);
  }
  return query;
}
