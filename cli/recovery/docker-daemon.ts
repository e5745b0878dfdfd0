import { surveyDocker } from "../../tools/docker";
import { daemonProblemOf } from "../compose/daemon";
import { writeDaemon } from "../support/daemon";
import { loadSettingsLeniently } from "../support/plans";
import type { CreateRecoverer } from "./types";

/** Recoverer for a Docker daemon other than the one that the stack was deployed on. */
export const dockerDaemon: CreateRecoverer = ({ stack }) => ({
  async find() {
    const isCompose = loadSettingsLeniently(stack).settings.target === "compose";
    const answers = isCompose ? (await surveyDocker()).docker : undefined;
    const problem = answers && (await daemonProblemOf(stack, answers));
    if (answers?.id === undefined || problem === undefined) {
      return [];
    }
    const { id, source } = answers;
    return [
      {
        id: "docker-daemon",
        title: "another Docker daemon answers than the one that the stack was deployed on",
        detail: problem,
        action: `use daemon ${id}; it has none of the stack's data: up --refresh creates everything with empty datastores`,
        onlyByName: true,
        apply: () => {
          writeDaemon(stack, { id, source });
          return Promise.resolve();
        },
      },
    ];
  },
});
