import { oneOf, options, quantity, truth, wholeNumber } from "./basics";
import { textOrSetting } from "./values";

/** Rate limit per client address. Excess requests are answered with 429. */
export const rateLimit = options({
  requests: wholeNumber(1, 10_000),
  per: oneOf(["1s", "1m"]),
  /** Requests above the rate that are served immediately. @default - as many as `requests` */
  burst: wholeNumber(0, 10_000).exactOptional(),
});

/** Options of a route, which the reverse proxy applies. */
export const routeOptions = options({
  /** Rate limit per client. @default - none */
  rateLimit: rateLimit.exactOptional(),
  /**
   * Origins whose pages may call this route from a browser, such as `https://app.example.com`, separated by commas. `*`
   * allows every origin. Credentials such as cookies are not allowed. @default - only the system's own origin
   */
  cors: options({ origins: textOrSetting }).exactOptional(),
  /** Maximum size of a request body, which is passed on unbuffered. @default - the proxy's own: 16 MiB with Compose */
  bodyLimit: quantity.exactOptional(),
  /** Whether WebSocket upgrades are allowed. Idle WebSockets are closed after an hour. @default false */
  websocket: truth.exactOptional(),
});
