import { tryDocker } from "./docker";
import type { Document, ProjectInputs } from "./inputs";
import { dataVolumes } from "./owner";
import { isRecord } from "./values";
import { volumesOf, wantedData } from "./volume-check";

/**
 * Volumes of a project that its document no longer contains, such as those of a renamed or removed datastore. Omits
 * volumes with the data of another major version, which `longshore upgrade` keeps and deletes.
 */
export async function unusedVolumes({ project, document }: ProjectInputs): Promise<string[]> {
  const used = new Set(
    Object.entries(document.volumes ?? {}).map(([key, volume]) => volume?.name ?? `${project}_${key}`),
  );
  const filter = `label=com.docker.compose.project=${project}`;
  const { stdout } = await tryDocker(["volume", "ls", "--quiet", "--filter", filter]);
  const all = dataVolumes(stdout);
  const kept = new Set(wantedData({ project, document }).flatMap((one) => volumesOf(one, all)));
  return all.filter((name) => !used.has(name) && !kept.has(name));
}

/** Message about unused volumes: that the data is kept, and how to reuse or delete it. */
export function unusedVolumesText(names: readonly string[]): string {
  const [one] = names;
  const what = names.length === 1 ? `volume ${one ?? ""} has` : `volumes ${names.join(", ")} have`;
  return (
    `${what} data, and no service of the description uses ${names.length === 1 ? "it" : "them"}: a renamed datastore starts empty. ` +
    `To use the data: rename it back, or run \`longshore backup\` before a rename and \`longshore restore\` after it. ` +
    `To delete the data: docker volume rm ${names.join(" ")}`
  );
}

/** Message about the data volumes that remain after a project was taken down. */
export function keptVolumes(names: readonly string[]): string {
  return (
    `volumes stay until they are deleted: ${names.join(", ")}; a system of another name does not find them. ` +
    `To delete them: docker volume rm ${names.join(" ")}`
  );
}

const SIZE_LABEL = "longshore.size";

/** Messages about the effect of a volume change on data, shown before and during the deployment. */
export function volumeChanges(before: unknown, after: Document): string[] {
  const old = isRecord(before) && isRecord(before.volumes) ? before.volumes : {};
  const now = after.volumes ?? {};
  return Object.keys(old).flatMap((key) => {
    if (!(key in now) && !isSuperseded(key, after)) {
      return [
        `volume ${key} is no longer described: its data stays, but nothing uses it, and a renamed datastore starts empty`,
      ];
    }
    if (!(key in now)) {
      return [];
    }
    const [was, is] = [sizeOf(old[key]), sizeOf(now[key])];
    return was === is
      ? []
      : [
          `volume ${key}: storage ${was ?? "none"} → ${is ?? "none"} changes nothing on this machine, because Docker does not limit the size of a volume`,
        ];
  });
}

/** Whether the volume of another major version of the same datastore takes the place of a volume. */
function isSuperseded(key: string, after: Document): boolean {
  const wanted = wantedData({ project: "", document: after });
  return wanted.some((one) => volumesOf(one, [`_${key}`]).length > 0);
}

function sizeOf(volume: unknown): string | undefined {
  const labels = isRecord(volume) && isRecord(volume.labels) ? volume.labels : {};
  const size = labels[SIZE_LABEL];
  return typeof size === "string" ? size : undefined;
}
