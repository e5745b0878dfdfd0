import type { ContainerStatus, Event, Pod } from "./objects";

/** Reasons of a waiting container, in the words of an operator. */
const WAITING: Readonly<Record<string, string>> = {
  ErrImagePull: "the image cannot be pulled",
  ImagePullBackOff: "the image cannot be pulled",
  InvalidImageName: "the image's name is invalid",
  CreateContainerConfigError: "its configuration is incomplete",
  CreateContainerError: "the container cannot be created",
  RunContainerError: "the container cannot be started",
};

/** Why a pod is not ready, a sentence each, the cause first. Empty for a pod that is ready or just begins. */
export function problemsOf(pod: Pod, events: readonly Event[]): string[] {
  const { conditions = [], containerStatuses = [], initContainerStatuses = [], phase } = pod.status ?? {};
  const isReady = conditions.some(({ type, status }) => type === "Ready" && status === "True");
  if (isReady || phase === "Succeeded") {
    return [];
  }
  const unscheduled = conditions.find(({ type, status }) => type === "PodScheduled" && status === "False");
  const ofContainers = [...initContainerStatuses, ...containerStatuses].flatMap(problemOf);
  const said = [
    ...(unscheduled
      ? [`no node fits: ${unscheduled.message ?? unscheduled.reason ?? "no reason given"}`]
      : []),
    ...ofContainers,
  ];
  return said.length > 0 ? said : warningsOf(pod, events);
}

function problemOf({ state, lastState }: ContainerStatus): string[] {
  const { reason, message } = state?.waiting ?? {};
  if (reason === "CrashLoopBackOff") {
    return [`keeps exiting: ${exitOf(lastState?.terminated)}`];
  }
  const words = reason === undefined ? undefined : WAITING[reason];
  if (words !== undefined) {
    return [message === undefined ? words : `${words}: ${message}`];
  }
  const { terminated } = state ?? {};
  return terminated && terminated.exitCode !== 0 ? [`exited: ${exitOf(terminated)}`] : [];
}

function exitOf(terminated: { exitCode: number; reason?: string } | undefined): string {
  if (terminated === undefined) {
    return "no exit code known";
  }
  return terminated.reason === "OOMKilled" ? "out of memory" : `exit code ${terminated.exitCode}`;
}

/** The newest warnings about a pod, one of each reason, at most two. */
function warningsOf(pod: Pod, events: readonly Event[]): string[] {
  const own = events
    .filter(({ type, involvedObject: { name } }) => type === "Warning" && name === pod.metadata?.name)
    .sort((a, b) => timeOf(b) - timeOf(a));
  const reasons = new Map(own.reverse().map((event) => [event.reason ?? "", event]));
  return [...reasons.values()]
    .sort((a, b) => timeOf(b) - timeOf(a))
    .slice(0, 2)
    .map(({ reason = "warning", message = "" }) => oneLine(message) || reason);
}

function timeOf({ lastTimestamp, eventTime }: Event): number {
  const time = lastTimestamp ?? eventTime;
  return time === undefined ? 0 : new Date(time).getTime();
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
