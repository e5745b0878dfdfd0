#!/usr/bin/env node
// A stand-in for the docker command: answers from containers.json beside it, writes down in calls.txt what it was asked,
// and runs nothing. A container that is attached to lasts until it is removed, or until there is a file `done`.
"use strict";

const { createHash } = require("node:crypto");
const { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const beside = (name) => join(__dirname, name);
const [command, ...words] = process.argv.slice(2);
const containers = JSON.parse(readFileSync(beside("containers.json"), "utf8"));
const answers = {
  version: () => "28.5.2",
  buildx: () => "github.com/docker/buildx v0.20.0",
  compose: () => (words[0] === "version" ? "2.40.0" : `compose ${words.join(" ")}`),
  // With a filter: jobs of killed commands, of which there is one if there is a file `orphan`.
  ps: () =>
    words.includes("--filter")
      ? existsSync(beside("orphan"))
        ? "orphan-1"
        : ""
      : containers.map((one) => `${one.id} ${one.project} ${one.system}`).join("\n"),
  // Every project belongs to the data folder that asks.
  volume: () =>
    words.includes("label=longshore.installation")
      ? containers.map(({ project }) => owner(project)).join("\n")
      : "",
  create: () => {
    rmSync(beside("removed"), { force: true });
    return "job";
  },
  start: () => {
    rmSync(beside(`stopped.${words[0]}`), { force: true });
    return words[0] === "--attach" ? last() : words[0];
  },
  stop: () => writeFileSync(beside(`stopped.${words.at(-1)}`), ""),
  // Keeps a copy of the last file that was copied into a container.
  cp: () => writeFileSync(beside("copied"), readFileSync(words.at(-2))),
  container: () => answers.inspect(),
  rm: () => writeFileSync(beside("removed"), ""),
  inspect: () =>
    words[0] === "--format"
      ? "healthy"
      : JSON.stringify(
          containers
            .filter(({ id }) => words.includes(id))
            .map(({ id, project, system, service, state = "running" }) => ({
              Id: id,
              RestartCount: 0,
              State: {
                Status: existsSync(beside(`stopped.${id}`)) ? "exited" : state,
                ExitCode: 0,
                StartedAt: "2026-01-01T00:00:00Z",
              },
              Config: {
                Image: "image",
                Labels: {
                  "com.docker.compose.project": project,
                  "com.docker.compose.service": service,
                  "longshore.system": system,
                  "longshore.kind": "service",
                },
              },
              Name: `/${id}`,
              Image: "image",
              Created: "2026-01-01T00:00:00Z",
              Mounts: [],
              NetworkSettings: { Ports: null, Networks: {} },
            })),
        ),
};

function owner(project) {
  const folder = join(process.env.XDG_DATA_HOME, "longshore");
  const { id } = JSON.parse(readFileSync(join(folder, "installation.json"), "utf8"));
  return [`${project}_longshore-owner`, project, id, "ada", folder].join("\t");
}

function last() {
  // A test that failed leaves nothing that waits.
  while (!existsSync(beside("removed")) && existsSync(beside("containers.json"))) {
    if (existsSync(beside("done"))) {
      // A dump says what it has sent.
      const sent = "a dump\n";
      process.stderr.write(`rows 3\nsha256 ${createHash("sha256").update(sent).digest("hex")}\n`);
      return sent.trimEnd();
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
  process.exit(137);
}

// The response may be delayed; the request is recorded before.
appendFileSync(beside("calls.txt"), `${[command, ...words].join(" ").replaceAll("\n", " ")}\n`);
process.stdout.write(`${answers[command]?.() ?? ""}\n`);
