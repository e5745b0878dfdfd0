import { yamlText } from "../../yaml/write";
import { mark } from "./fill";

const yaml = (content: object) => `# Written by Longshore.\n${yamlText(content)}`;

/** A target that Prometheus scrapes itself. Systems have agents for their targets. */
export interface OwnTarget {
  readonly service: string;
  /** `host:port`, or a placeholder. */
  readonly address: string;
  /** Path of the metrics. @default "/metrics" */
  readonly path?: string;
  /** Whether labels in the metrics override those of the target. @default false */
  readonly honorLabels?: boolean;
}

export interface PrometheusConfiguration {
  readonly targets: readonly OwnTarget[];
  readonly alertmanager: string;
}

/**
 * Returns the configuration of Prometheus: receives the agents' samples, scrapes the monitoring system and evaluates
 * rules.
 */
export function prometheusConfiguration({ targets, alertmanager }: PrometheusConfiguration): string {
  return yaml({
    global: {
      scrape_interval: `${mark("scrapeSeconds")}s`,
      // The timeout must not exceed the interval.
      scrape_timeout: `${mark("scrapeSeconds")}s`,
      evaluation_interval: `${mark("scrapeSeconds")}s`,
      external_labels: { environment: mark("environment") },
    },
    // Samples are late if an agent was replaced or could not send.
    storage: { tsdb: { out_of_order_time_window: "15m" } },
    rule_files: ["/etc/prometheus/rules.yml"],
    alerting: {
      alertmanagers: [{ path_prefix: "/alertmanager", static_configs: [{ targets: [alertmanager] }] }],
    },
    scrape_configs: targets.map(({ service, address, path = "/metrics", honorLabels = false }) => ({
      job_name: service,
      metrics_path: path,
      ...(honorLabels && { honor_labels: true }),
      static_configs: [{ targets: [address], labels: { job: "monitoring", service, system: "monitoring" } }],
    })),
  });
}

/** The alert webhook: a URL, or the file that contains it. */
export type Webhook = { readonly url: string } | { readonly url_file: string };

/**
 * Returns the configuration of Alertmanager. Critical alerts are sent immediately and repeated every hour; others are
 * grouped and repeated daily. An alert inhibits alerts about its consequences. Without a webhook, alerts are only
 * visible in the user interface.
 */
export function alertmanagerConfiguration(webhook?: Webhook): string {
  const receiver = (name: string) => ({
    name,
    ...(webhook && { webhook_configs: [{ ...webhook, send_resolved: true, max_alerts: 50 }] }),
  });
  const same = ["system", "service"];
  return yaml({
    route: {
      receiver: "later",
      group_by: ["system"],
      group_wait: "1m",
      group_interval: "5m",
      repeat_interval: "24h",
      routes: [
        {
          receiver: "now",
          matchers: ['severity="critical"'],
          group_by: ["alertname", ...same],
          group_wait: "5s",
          group_interval: "1m",
          repeat_interval: "1h",
        },
      ],
    },
    receivers: [receiver("now"), receiver("later")],
    inhibit_rules: [
      { source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: same },
      {
        source_matchers: ['alertname="ContainerDown"'],
        target_matchers: ['alertname=~"ContainerUnready|PostgresDown|RedisDown|KafkaDown|EdgeDown"'],
        equal: same,
      },
    ],
  });
}
