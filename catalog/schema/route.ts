import { oneOf, options, quantity, truth, wholeNumber } from "./basics";
import { textOrSetting } from "./values";

/** How many requests one client (by its address) may send. Requests beyond are answered with 429. */
export const rateLimit = options({
  requests: wholeNumber(1, 10_000),
  per: oneOf(["1s", "1m"]),
  /** Requests beyond the rate that are served at once. @default - as many as `requests` */
  burst: wholeNumber(0, 10_000).exactOptional(),
});

/** What the reverse proxy does with a route's requests. */
export const routeOptions = options({
  /** @default - none */
  rateLimit: rateLimit.exactOptional(),
  /**
   * Whose pages may call this route from a browser: origins such as `https://app.example.com`, separated by commas.
   * `*` is everyone. Without credentials: no cookies. @default - only the system's own pages
   */
  cors: options({ origins: textOrSetting }).exactOptional(),
  /** Largest request body; passed on as it arrives. @default - the proxy's own: 16 MiB with Compose */
  bodyLimit: quantity.exactOptional(),
  /** Whether connections may become WebSockets, and then stay open for an hour without traffic. @default false */
  websocket: truth.exactOptional(),
});
