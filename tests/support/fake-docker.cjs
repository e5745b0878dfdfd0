#!/usr/bin/env node
// A stand-in for the docker command: answers from containers.json beside it, and runs nothing.
"use strict";

const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const [command, ...words] = process.argv.slice(2);
const containers = JSON.parse(readFileSync(join(__dirname, "containers.json"), "utf8"));
const answers = {
  version: () => "28.5.2",
  buildx: () => "github.com/docker/buildx v0.20.0",
  compose: () => (words[0] === "version" ? "2.40.0" : `compose ${words.join(" ")}`),
  ps: () => containers.map((one) => `${one.id} ${one.project} ${one.system}`).join("\n"),
  inspect: () =>
    JSON.stringify(
      containers
        .filter(({ id }) => words.includes(id))
        .map(({ id, project, system, service }) => ({
          Id: id,
          RestartCount: 0,
          State: { Status: "running", ExitCode: 0, StartedAt: "2026-01-01T00:00:00Z" },
          Config: {
            Image: "image",
            Labels: {
              "com.docker.compose.project": project,
              "com.docker.compose.service": service,
              "longshore.system": system,
              "longshore.kind": "service",
            },
          },
          NetworkSettings: { Ports: null },
        })),
    ),
};
process.stdout.write(`${answers[command]?.() ?? ""}\n`);
