import { z } from "zod";
import { duration, list, options, text, textLike, wholeNumber } from "./basics";

const portName = text;

const httpPath = textLike(
  'a path starting with "/"',
  (path) => path.startsWith("/") && !/[\s"'\\$]/.test(path),
);

export const probeCheck = z.discriminatedUnion(
  "kind",
  [
    options({ kind: z.literal("http"), path: httpPath, port: portName.exactOptional() }),
    options({ kind: z.literal("tcp"), port: portName.exactOptional() }),
    options({
      kind: z.literal("exec"),
      command: list(text).refine((command) => command.length > 0, { error: "expected a command" }),
    }),
  ],
  { error: "expected http, tcp or exec" },
);

export const probe = options(
  {
    check: probeCheck,
    /** Time between two checks. @default "10s" */
    interval: duration,
    /** Timeout of one check. @default "3s" */
    timeout: duration,
    /** Consecutive failures after which the container is unhealthy. @default 3 */
    failures: wholeNumber(1, 1000),
    /** Holds the invalid argument of a call such as `http("/", 5)`. */
    options: z.never({ error: 'expected options such as { interval: "10s" }' }).exactOptional(),
  },
  'a probe such as http("/livez")',
);

/** Options of `http`, `tcp` and `exec`. */
export interface ProbeOptions {
  /** Name of the port. @default - the service's first port */
  port?: string;
  /** Time between two checks. @default "10s" */
  interval?: z.input<typeof duration>;
  /** Timeout of one check. @default "3s" */
  timeout?: z.input<typeof duration>;
  /** Consecutive failures after which the container is unhealthy. @default 3 */
  failures?: number;
}
