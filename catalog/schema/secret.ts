import { ENVIRONMENTS } from "../choices";
import { list, oneOf, options, text, truth, wholeNumber } from "./basics";

const common = {
  /** `config`: an operator sets it. `generated`: made once. @default "config" */
  from: oneOf(["config", "generated"]).exactOptional(),
  /** Environments that work without it. @default [] */
  optionalIn: list(oneOf(ENVIRONMENTS)).exactOptional(),
};

const plain = options({
  ...common,
  kind: oneOf(["text", "hex", "keys", "tls"]).exactOptional(),
  length: wholeNumber(8, 1024).exactOptional(),
  alphabet: text.exactOptional(),
});
const keys = options({
  from: common.from,
  kind: oneOf(["keys"]),
  length: wholeNumber(8, 1024).exactOptional(),
});
const tls = options({
  ...common,
  kind: oneOf(["tls"]),
  names: list(text).exactOptional(),
  days: wholeNumber(1, 36_500).exactOptional(),
  watched: truth.exactOptional(),
});

/** The options of a secret by its kind. */
export function secretOptions(given: unknown) {
  const kind = typeof given === "object" && given !== null ? (given as { kind?: unknown }).kind : undefined;
  return kind === "tls" ? tls : kind === "keys" ? keys : plain;
}
