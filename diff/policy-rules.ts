/** The value of a leaf that carries no information but its presence. */
export const LISTED = "listed";

interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly object[];
}

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

/**
 * The connections that the rules of a NetworkPolicy allow, such as `from frontend, TCP 8000`. Independent of their order
 * and notation. Undefined for a list of anything else.
 */
export function allowances(list: readonly unknown[]): string[] | undefined {
  if (!list.every(isRule)) {
    return undefined;
  }
  return list.flatMap(({ from, to, ports }) => {
    const peers = (from ?? to ?? []).map(peerText);
    const direction = to ? "to" : "from";
    return (peers.length > 0 ? peers : ["anywhere"]).flatMap((peer) =>
      (ports && ports.length > 0 ? ports.map(portText) : ["every port"]).map(
        (port) => `${direction} ${peer}, ${port}`,
      ),
    );
  });
}

function isRule(item: unknown): item is Rule {
  return (
    typeof item === "object" &&
    item !== null &&
    Object.keys(item).every((key) => ["from", "to", "ports"].includes(key))
  );
}

function peerText({ podSelector, namespaceSelector, ipBlock }: Peer): string {
  if (ipBlock) {
    return ipBlock.except ? `${ipBlock.cidr} except ${ipBlock.except.join(" ")}` : ipBlock.cidr;
  }
  const pods = podSelector && (serviceIn(podSelector) ?? JSON.stringify(podSelector));
  const namespaces = namespaceSelector && `namespaces ${JSON.stringify(namespaceSelector)}`;
  return [pods, namespaces].filter((part) => part !== undefined).join(" in ");
}

/** The service that a pod selector names; undefined for selectors in another form than rendered here. */
function serviceIn({ matchLabels = {}, ...rest }: Selector): string | undefined {
  const { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": _, ...others } = matchLabels;
  return Object.keys(rest).length === 0 && Object.keys(others).length === 0 ? name : undefined;
}

function portText(port: object): string {
  const { port: number, protocol = "TCP", ...rest } = port as { port?: number | string; protocol?: string };
  const more = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : "";
  return `${protocol} ${number ?? "every port"}${more}`;
}
