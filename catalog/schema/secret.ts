import { ENVIRONMENTS } from "../choices";
import { list, oneOf, options, text, truth, wholeNumber } from "./basics";

const common = {
  /** Origin of the value. `config`: an operator sets it. `generated`: Longshore creates it once. @default "config" */
  from: oneOf(["config", "generated"]).exactOptional(),
  /** Environments in which the secret is optional. @default [] */
  optionalIn: list(oneOf(ENVIRONMENTS)).exactOptional(),
};

const plain = options({
  ...common,
  kind: oneOf(["text", "hex", "keys", "tls"]).exactOptional(),
  length: wholeNumber(8, 1024).exactOptional(),
  alphabet: text.exactOptional(),
  /**
   * User name with which a person signs in with this secret as the password. `up` prints both, without the value.
   * @default - no person signs in with it
   */
  signIn: text.exactOptional(),
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

/** Returns the schema of a secret's options by its kind. */
export function secretOptions(given: unknown) {
  const kind = typeof given === "object" && given !== null ? (given as { kind?: unknown }).kind : undefined;
  return kind === "tls" ? tls : kind === "keys" ? keys : plain;
}
