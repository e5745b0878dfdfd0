import { yamlText } from "../../yaml/write";
import { dashboards } from "./dashboards";
import { DATASOURCE } from "./dashboards/shape";

const DASHBOARDS = "/etc/grafana/dashboards";

/** Returns Grafana's provisioning files by path: the data source, the dashboard provider, the dashboards. */
export function grafanaFiles(prometheusUrl: string): Readonly<Record<string, string>> {
  return {
    "/etc/grafana/provisioning/datasources/longshore.yaml": yaml({
      apiVersion: 1,
      datasources: [
        {
          name: "Prometheus",
          type: DATASOURCE.type,
          uid: DATASOURCE.uid,
          access: "proxy",
          url: prometheusUrl,
          isDefault: true,
          editable: false,
        },
      ],
    }),
    "/etc/grafana/provisioning/dashboards/longshore.yaml": yaml({
      apiVersion: 1,
      providers: [
        {
          name: "longshore",
          folder: "Longshore",
          type: "file",
          disableDeletion: true,
          allowUiUpdates: false,
          options: { path: DASHBOARDS },
        },
      ],
    }),
    ...Object.fromEntries(
      Object.entries(dashboards).map(([name, content]) => [
        `${DASHBOARDS}/${name}.json`,
        `${JSON.stringify(content, null, 2)}\n`,
      ]),
    ),
  };
}

function yaml(content: object): string {
  return `# Written by Longshore.\n${yamlText(content)}`;
}
