/** The subset of the Compose specification that Longshore uses. Plain data with keys in the conventional order. */
export interface ComposeDocument {
  name: string;
  services: Record<string, ComposeService>;
  networks?: Record<string, ComposeNetwork>;
  volumes?: Record<string, ComposeVolume>;
  configs?: Record<string, { file: string }>;
  secrets?: Record<string, { file: string }>;
}

/** An override document: the same shape, limited to the changes. */
export interface ComposeOverride {
  services: Record<string, Partial<ComposeService>>;
  networks?: Record<string, ComposeNetwork>;
}

export interface ComposeService {
  image: string;
  build?: ComposeBuild;
  command?: string[];
  user?: string;
  init?: boolean;
  profiles?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: ComposeMount[];
  configs?: { source: string; target: string }[];
  secrets?: { source: string; target: string }[];
  tmpfs?: string[];
  networks?: string[];
  network_mode?: "none";
  depends_on?: Record<string, { condition: DependencyCondition }>;
  healthcheck?: ComposeHealthcheck | { disable: true };
  read_only?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  device_cgroup_rules?: string[];
  group_add?: string[];
  security_opt?: string[];
  stop_signal?: string;
  stop_grace_period?: string;
  restart?: "no" | "unless-stopped";
  deploy?: ComposeDeploy;
  logging?: { driver: string; options: Record<string, string> };
  labels?: Record<string, string>;
}

export type DependencyCondition = "service_started" | "service_healthy" | "service_completed_successfully";

export interface ComposeBuild {
  context: string;
  dockerfile?: string;
  target?: string;
  additional_contexts?: Record<string, string>;
  args?: Record<string, string>;
}

export interface ComposeMount {
  type: "volume" | "bind";
  source: string;
  target: string;
  read_only?: boolean;
  bind?: { create_host_path: boolean };
}

export interface ComposeHealthcheck {
  test: string[];
  interval: string;
  timeout: string;
  retries: number;
  start_period: string;
  start_interval: string;
}

export interface ComposeDeploy {
  replicas?: number;
  update_config?: { parallelism: number; order: "start-first" | "stop-first"; failure_action: "rollback" };
  rollback_config?: { parallelism: number; order: "start-first" | "stop-first" };
  resources?: {
    limits: { cpus: string; memory: string; pids: number };
    reservations: {
      cpus: string;
      memory: string;
      devices?: { driver: string; count: number; capabilities: string[] }[];
    };
  };
}

export interface ComposeNetwork {
  /** External network, created by the first project that needs it. */
  external?: true;
  name?: string;
  internal?: boolean;
}

export interface ComposeVolume {
  labels?: Record<string, string>;
}
