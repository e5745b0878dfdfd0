import { yamlText } from "../../yaml/write";
import { mark } from "./fill";

const yaml = (content: object) => `# Written by Longshore.\n${yamlText(content)}`;

/** A target of Prometheus itself: systems have agents for theirs. */
export interface OwnTarget {
  readonly service: string;
  /** `host:port`, or a mark. */
  readonly address: string;
  /** @default "/metrics" */
  readonly path?: string;
  /** Its metrics say themselves what they are about. @default false */
  readonly honorLabels?: boolean;
}

export interface PrometheusConfiguration {
  readonly targets: readonly OwnTarget[];
  readonly alertmanager: string;
}

/** Prometheus: takes in what agents send, asks its own neighbours, and works out the rules. */
export function prometheusConfiguration({ targets, alertmanager }: PrometheusConfiguration): string {
  return yaml({
    global: {
      scrape_interval: `${mark("scrapeSeconds")}s`,
      // A timeout may not be longer than the interval.
      scrape_timeout: `${mark("scrapeSeconds")}s`,
      evaluation_interval: `${mark("scrapeSeconds")}s`,
      external_labels: { environment: mark("environment") },
    },
    // An agent that is replaced, or could not send for a while, comes late.
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

/** Where alerts go: an address, or the file that it is in. */
export type Webhook = { readonly url: string } | { readonly url_file: string };

/**
 * Alertmanager: what is critical goes out at once and again every hour, the rest in batches and once a day. Who is
 * told about a failure is not told about its consequences as well. Without a webhook alerts are only to be looked at.
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
