import { findDocker, type Docker } from "../../tools/docker";
import { findPulumi, type Pulumi } from "../../tools/pulumi";
import { delimiter } from "node:path";
import type { Progress } from "./progress";

export interface Tools {
  readonly pulumi: Pulumi;
  /** @default - the stack needs no Docker */
  readonly docker?: Docker;
}

export interface ToolNeeds {
  readonly docker?: boolean;
  /** Published images that the systems run, such as `redis:7`. @default [] */
  readonly images?: readonly string[];
  /** The daemon that the stack was deployed on. @default - any */
  readonly daemon?: Pick<Docker, "source" | "id">;
}

/**
 * Finds the tools that a stack needs. Sets up those that need no confirmation.
 * @throws MissingTool with one line per tool that must be installed manually
 */
export async function findTools(
  { docker, images = [], daemon }: ToolNeeds,
  progress: Progress,
): Promise<Tools> {
  const say = (line: string) => {
    progress.line(line);
  };
  const [pulumi, engine] = await Promise.all([
    findPulumi(say),
    docker ? findDocker(say, { images, ...(daemon && { expected: daemon }) }) : undefined,
  ]);
  return { pulumi, ...(engine && { docker: engine }) };
}

/** A process environment with overrides; their PATH entries precede the existing ones. */
export function environmentWith(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const path = process.env["PATH"] ?? "";
  const first = env["PATH"];
  return { ...process.env, ...env, PATH: first && first !== path ? prepend(first, path) : path };
}

/** Joins two search paths without duplicate folders. */
export function prepend(first: string, path: string): string {
  return [...new Set([...first.split(delimiter), ...path.split(delimiter)])].filter(Boolean).join(delimiter);
}
