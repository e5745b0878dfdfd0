import { dump } from "js-yaml";
import type { ComposeDocument, ComposeOverride } from "./document";

/** The document as people read it. Deterministic: keys stay in the order of the object. */
export function composeYaml(document: ComposeDocument | ComposeOverride): string {
  return dump(document, { lineWidth: -1, noRefs: true, quotingType: '"', sortKeys: false });
}
