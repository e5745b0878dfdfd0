import { ClusterError, type Connection } from "./connection";

/** A container in a cluster. */
export interface PodContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** The part of a WebSocket that is used; the client's socket has no types of its own. */
interface Socket {
  readonly protocol: string;
  send(data: Buffer): void;
  onclose?: () => void;
  onerror?: (event: { readonly message: string }) => void;
}

/** Channels of the subprotocols v4 and v5 of channel.k8s.io: the first byte of each message. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

/** Time for output that is still under way after the command's end. */
const DRAIN_MILLISECONDS = 5000;

/**
 * Runs a command in a container with this process' standard streams. Returns its exit code when the server has closed the
 * connection: the API server copies each stream by itself, so output can arrive after the exit code. The client's own `exec`
 * closes at the exit code, and loses it.
 */
export async function execInPod(
  { client, config }: Connection,
  { namespace, pod, container }: PodContainer,
  words: readonly string[],
): Promise<number> {
  const { stdin, stdout, stderr } = process;
  // Undefined, not false, for what is no terminal; the API server would take that word for true.
  const isTerminal = [stdin, stdout].every(({ isTTY }: { isTTY?: boolean }) => isTTY === true);
  const query = new URLSearchParams({
    container,
    stdin: "true",
    stdout: "true",
    stderr: String(!isTerminal),
    tty: String(isTerminal),
  });
  words.forEach((word) => {
    query.append("command", word);
  });
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query.toString()}`;
  let code: number | undefined;
  let ended: () => void = () => undefined;
  const receive = (channel: number, data: Buffer): boolean => {
    if (channel === CHANNEL.stdout) {
      stdout.write(data);
    } else if (channel === CHANNEL.stderr) {
      stderr.write(data);
    } else if (channel === CHANNEL.status) {
      code = exitCodeOf(JSON.parse(data.toString()) as ExecStatus);
      setTimeout(() => {
        ended();
      }, DRAIN_MILLISECONDS).unref();
    }
    return true;
  };
  const socket = (await new client.Exec(config).handler.connect(path, null, receive)) as unknown as Socket;
  const send = (channel: number, data: Buffer) => {
    socket.send(Buffer.concat([Buffer.from([channel]), data]));
  };
  const resize = () => {
    send(CHANNEL.resize, Buffer.from(JSON.stringify({ Width: stdout.columns, Height: stdout.rows })));
  };
  try {
    return await new Promise<number>((resolve, reject) => {
      ended = () => {
        resolve(code ?? 1);
      };
      socket.onclose = ended;
      socket.onerror = ({ message }) => {
        reject(new ClusterError(`${namespace}/${pod}: ${message}`));
      };
      stdin.on("data", (data: Buffer) => {
        send(CHANNEL.stdin, data);
      });
      stdin.on("end", () => {
        // Version 4 cannot say that the input has ended; the command then waits for more, or ends by itself.
        if (socket.protocol.startsWith("v5.")) {
          send(CHANNEL.close, Buffer.from([CHANNEL.stdin]));
        }
      });
      if (isTerminal) {
        stdin.setRawMode(true);
        stdout.on("resize", resize);
        resize();
      }
    });
  } finally {
    if (isTerminal) {
      stdin.setRawMode(false);
      stdout.off("resize", resize);
    }
    stdin.removeAllListeners("data").removeAllListeners("end").pause();
  }
}

/** The Status object that ends an exec. */
export interface ExecStatus {
  readonly status?: string;
  readonly details?: {
    readonly causes?: readonly { readonly reason?: string; readonly message?: string }[];
  };
}

/** Exit code in the Status object that ends an exec. */
export function exitCodeOf({ status, details }: ExecStatus): number {
  if (status === "Success") {
    return 0;
  }
  const code = details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  return code === undefined ? 1 : Number(code);
}
