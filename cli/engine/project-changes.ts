import { parsePath, type Change, type PropertyChange } from "./changes";

export const PROJECT_TYPE = "compose:index:Project";

/** Changes of one service by topic: `environment` → `LEVEL=info → debug`. */
type Topics = Map<string, Set<string>>;

interface ServiceChange {
  sign: "+" | "~" | "-";
  readonly topics: Topics;
}

/** Topics listed first, in this order. */
const FIRST = ["was", "image", "environment", "ports", "replicas", "memory", "cpus"];
const LAST = ["file", "secret", "volume"];
/** Topics that follow from other changes. Listed only if there are no others. */
const CONSEQUENCES = ["labels", "configs", "secrets", "depends_on", "networks", "volumes"];

/** Whether the change reports that the last deployment did not complete. */
export function isUnfinished({ path }: PropertyChange): boolean {
  return path === "unfinished";
}

/** Whether the change describes the planned deployment instead of drift. */
export function isIntention({ path }: PropertyChange): boolean {
  return path === "unfinished" || /^rerun\b/.test(path);
}

/** Lines about a Compose project by service, and the changes that belong to no service. */
export function describeProject({ properties, operation, state }: Change): {
  readonly lines: string[];
  readonly rest: PropertyChange[];
} {
  const services = new Map<string, ServiceChange>();
  const networks: string[] = [];
  const rest: PropertyChange[] = [];
  const serviceOf = (name: string): ServiceChange => {
    const service = services.get(name) ?? { sign: "~", topics: new Map<string, Set<string>>() };
    services.set(name, service);
    return service;
  };
  const note = (name: string, topic: string, text = "") => {
    const { topics } = serviceOf(name);
    topics.set(topic, (topics.get(topic) ?? new Set()).add(text));
  };
  for (const property of properties) {
    const [root = "", section = "", name = "", ...inside] = parsePath(property.path);
    const words = section.split("/");
    if (root === "document" && section === "services" && name !== "") {
      if (inside.length === 0) {
        serviceOf(name).sign = signOf(property);
      } else {
        note(name, ...topicOf(inside, property));
      }
    } else if (root === "document" && section === "networks" && name !== "") {
      networks.push(name);
    } else if (root === "document" && ["secrets", "volumes"].includes(section) && name.includes("_")) {
      // Resources of one service are named after it, such as `api_mail-key`.
      const end = name.indexOf("_");
      note(name.slice(0, end), section.slice(0, -1), name.slice(end + 1));
    } else if (root === "files" && words[0] === "config" && words.length > 2) {
      note(words[1] ?? "", "file", `/${words.slice(2).join("/")}`);
    } else if (root === "secretFiles" && words.length > 2) {
      note(words[1] ?? "", "secret", words.slice(2).join("/"));
    } else if (root === "services" && name === "state") {
      const [topic, seen] = operation === "refresh" ? ["", property.to] : ["was", property.from];
      note(section, topic, seen ?? "other than deployed");
    } else if (root === "rerun") {
      note(section, "runs again");
    } else if (!isUnfinished(property) && !(root === "document" && section === "configs")) {
      rest.push(property);
    }
  }
  const lines = [...services.keys()].sort().map((name) => lineOf(name, serviceOf(name)));
  if (networks.length > 0) {
    lines.push(`~ networks ${networks.join(", ")}`);
  }
  return { lines: [...unfinished(properties, state), ...lines], rest };
}

/** Reports an unfinished deployment before the run only; the provider logs it when it starts. */
function unfinished(properties: readonly PropertyChange[], state: Change["state"]): string[] {
  const found = properties.find(isUnfinished);
  return found && state === "planned"
    ? [`continuing after ${found.from ?? "a deployment that did not end well"}`]
    : [];
}

function signOf({ kind }: PropertyChange): ServiceChange["sign"] {
  return kind === "add" ? "+" : kind === "remove" ? "-" : "~";
}

function topicOf(
  [first = "", ...more]: readonly string[],
  property: PropertyChange,
): [topic: string, text?: string] {
  const name = more.at(-1);
  switch (first) {
    case "image":
      return ["image", valueOf(property)];
    case "ports":
      return ["ports", valueOf(property)];
    case "environment":
      return ["environment", name === undefined ? "" : variable(name, property)];
    case "deploy":
      return [`${more.includes("reservations") ? "reserved " : ""}${name ?? "deploy"}`, valueOf(property)];
    default:
      return [first];
  }
}

function variable(name: string, property: PropertyChange): string {
  const value = valueOf(property);
  return property.kind === "remove" ? `without ${name}` : value === "" ? name : `${name}=${value}`;
}

function valueOf({ kind, from, to }: PropertyChange): string {
  if (kind === "remove") {
    return from === undefined ? "" : `without ${from}`;
  }
  return from !== undefined && to !== undefined ? `${from} → ${to}` : (to ?? "");
}

function lineOf(name: string, { sign, topics }: ServiceChange): string {
  if (sign !== "~") {
    return `${sign} ${name}`;
  }
  const all = [...topics.keys()];
  const own = all.filter((topic) => !CONSEQUENCES.includes(topic));
  const middle = own.filter((topic) => !FIRST.includes(topic) && !LAST.includes(topic));
  const ordered = [...FIRST, ...middle, ...LAST].filter((topic) => own.includes(topic));
  const said = (ordered.length > 0 ? ordered : all).map((topic) => {
    const texts = [...(topics.get(topic) ?? [])].filter((text) => text !== "");
    return [topic, texts.join(", ")].filter((text) => text !== "").join(" ");
  });
  return said.length === 0 ? `~ ${name}` : `~ ${name}: ${said.join(", ")}`;
}
