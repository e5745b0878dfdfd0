import { matchesPattern, type Change } from "../diff";
import type { Failure, Planner, Subject } from "../planner";
import { checkAgainstSdk, sdk } from "../sdk";
import { defined, merge, text, type Properties } from "../values";
import { compareWithApi } from "./discovery";
import { checkCombinations, checkFormats, checkHistory } from "./formats";
import { fingerprint, GCP_TYPES, type Known } from "./types";

const PACKAGE = "@pulumi/gcp";

/** Plans Google Cloud resources: checks them against the typed SDK and the services' rules, without network access. */
export const gcp: Planner = {
  package: "gcp",
  sdk: "@pulumi/gcp",
  assumptions: [
    "outputs of Google Cloud are assumed where they follow from the inputs (names, links, e-mail addresses of " +
      "service accounts, the address of the cluster); all others stay unknown",
  ],

  complete(subject, previous, unique) {
    const schema = sdk(PACKAGE).resource(subject.type);
    const naming = schema?.inputs.get("name");
    // The bridge generates names for resources with an optional text input `name`.
    if (naming?.type.kind !== "string" || naming.required || subject.inputs.name !== undefined) {
      return {};
    }
    return { name: text(previous?.name) ?? `${subject.name}-${unique}` };
  },

  check(subject, previous): Failure[] {
    const fromSdk = checkAgainstSdk(sdk(PACKAGE), subject);
    if (fromSdk.length === 0 && !(subject.type in GCP_TYPES)) {
      const known = Object.keys(GCP_TYPES).join(", ");
      const reason = `the offline provider cannot plan ${subject.type} yet: it does not know what replaces it (${known})`;
      return [{ property: "", reason }];
    }
    return [
      ...fromSdk,
      ...withoutDuplicates(fromSdk, [
        ...checkFormats(subject),
        ...checkCombinations(subject),
        ...checkHistory(subject, previous),
        ...(compareWithApi(subject.type, subject.inputs)?.values ?? []),
      ]),
    ];
  },

  replaces: (type, change, before, after) =>
    matchesPattern(change.path, GCP_TYPES[type]?.replaceOn ?? []) || shrinksDisk(type, change, before, after),

  // A generated name lets both exist at once; a chosen name requires deleting the old resource first.
  deleteFirst: (type) => /IamMember$|:IAMMember$/.test(type) || type.startsWith("gcp:managedkafka/"),

  create(subject, { preview, previous }) {
    const facts = GCP_TYPES[subject.type];
    const known = knownOf(subject);
    const outputs = facts?.outputs?.(known) ?? {};
    const assumed = facts?.late?.(known) ?? {};
    // Values chosen by the service survive an update in place.
    const late = previous ? pick(previous, Object.keys(assumed)) : preview ? {} : assumed;
    return { id: facts?.id(known) ?? subject.name, outputs: merge(outputs, late) };
  },

  // The provider compares with its state, so that the protection must be removed by an update of its own.
  refusesDeletion: (_type, { deletionProtection }) =>
    deletionProtection === true
      ? "cannot destroy it: deletion_protection is true in its state; set it to false in an update before"
      : undefined,

  secrets: (type) => sdk(PACKAGE).resource(type)?.secrets ?? [],
};

function knownOf({ inputs, config, name, urn }: Subject): Known {
  return {
    inputs,
    name: text(inputs.name) ?? name,
    project: text(inputs.project) ?? text(config.project) ?? "unknown-project",
    region: text(config.region) ?? "unknown-region",
    fingerprint: fingerprint(`${urn} ${text(inputs.name) ?? name}`),
  };
}

function pick(from: Properties, keys: readonly string[]): Properties {
  return defined(Object.fromEntries(keys.map((key) => [key, from[key]])));
}

function withoutDuplicates(known: readonly Failure[], more: readonly Failure[]): Failure[] {
  const places = new Set(known.map(({ property }) => property));
  return more.filter(({ property }) => !places.has(property));
}

/** A Cloud SQL disk grows in place and cannot shrink. */
function shrinksDisk(type: string, change: Change, before: Properties, after: Properties): boolean {
  if (type !== "gcp:sql/databaseInstance:DatabaseInstance" || change.path.join(".") !== "settings.diskSize") {
    return false;
  }
  const size = (of: Properties): number => Number((of.settings as Properties).diskSize);
  return size(after) < size(before);
}
