import { GeneratedSecret } from "@longshore/components";

/** A value that the state keeps encrypted. Another `generation` is another value. */
export function secret(): GeneratedSecret {
  return new GeneratedSecret("cookie-key", { kind: "hex", length: 64, generation: 2 });
}
