import { nearest } from "../../base/nearest";
import { bakeTarget, type BakeDocument } from "../../render/bake";
import { reached } from "../../tools/bake";
import { usage } from "../support/failure";

/**
 * Selects the part of a bake document that builds some images and their base images. Without names, returns the whole
 * document.
 *
 * @param names such as `todo/backend`, as shown in tables
 * @throws Failure if a name is not an image
 */
export function onlyTargets(document: BakeDocument, names: readonly string[]): BakeDocument {
  if (names.length === 0) {
    return document;
  }
  const known = Object.keys(document.target).map((target) => target.replace("_", "/"));
  const wanted = names.map((name) => {
    if (!known.includes(name)) {
      const close = nearest(name, known);
      throw usage(
        `no image ${name} is built here; ${close ? `did you mean ${close}?` : `there are ${known.join(", ")}`}`,
      );
    }
    const [system = "", image = ""] = name.split("/");
    return bakeTarget(system, image);
  });
  const needed = reached(document, wanted);
  const targets = Object.entries(document.target).filter(([target]) => needed.includes(target));
  return { group: { default: { targets: wanted } }, target: Object.fromEntries(targets) };
}
