#!/usr/bin/env node
// A stand-in for the docker command with containers that can be started, stopped and removed. Its state is a file per
// container below `containers`; `calls` has a line per command; `double` appears when two containers run on a volume.
// `behaviour.json` says what goes wrong: { "<command>": "fail" | "hang" | "slow" | "lost" }.
"use strict";

const { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const beside = (name) => join(__dirname, name);
const words = process.argv.slice(2);
const command = words[0] === "container" ? words[1] : words[0];
const text = (name, fallback) => (existsSync(beside(name)) ? readFileSync(beside(name), "utf8") : fallback);
const sleep = (milliseconds) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const all = () =>
  readdirSync(beside("containers")).map((id) => JSON.parse(readFileSync(beside(`containers/${id}`), "utf8")));
const save = (one) => writeFileSync(beside(`containers/${one.id}`), JSON.stringify(one));
const find = (id) => all().find((one) => one.id === id) ?? fail(`Error: No such container: ${id}`);
const ids = (from) => words.slice(from).filter((word) => !word.startsWith("-"));
const isRunning = ({ state }) => state === "running" || state === "paused" || state === "restarting";

const inspected = (one) => ({
  Id: one.id,
  Name: `/${one.id}`,
  Image: one.image ?? "image",
  Created: one.created,
  RestartCount: one.restarts ?? 0,
  State: {
    Status: one.state,
    ExitCode: one.exitCode ?? 0,
    OOMKilled: one.oom ?? false,
    StartedAt: one.started ?? "0001-01-01T00:00:00Z",
    ...(one.health && { Health: { Status: one.health, Log: [] } }),
  },
  Config: {
    Labels: {
      "com.docker.compose.project": one.project,
      "com.docker.compose.service": one.service,
      "com.docker.compose.config-hash": one.hash ?? "new",
    },
    StopTimeout: one.grace ?? 1,
  },
  NetworkSettings: { Networks: {} },
  HostConfig: { Memory: one.memory ?? 0 },
  Mounts: [
    ...(one.volumes ?? []).map((name) => ({
      Type: "volume",
      Name: name,
      Source: `/volumes/${name}`,
      RW: true,
    })),
    ...(one.readsVolumes ?? []).map((name) => ({
      Type: "volume",
      Name: name,
      Source: `/volumes/${name}`,
      RW: false,
    })),
    ...(one.binds ?? []).map((source) => ({
      Type: "bind",
      Source: source,
      RW: !source.startsWith(beside("")),
    })),
  ],
});

function listed() {
  const filters = words.flatMap((word, index) => (words[index - 1] === "--filter" ? [word] : []));
  const labels = filters.filter((one) => one.startsWith("label=")).map((one) => one.split("=").slice(1));
  const volumes = filters
    .filter((one) => one.startsWith("volume="))
    .map((one) => one.slice("volume=".length));
  const keys = { "com.docker.compose.project": "project", "com.docker.compose.service": "service" };
  return all()
    .filter((one) => labels.every(([key, value]) => one[keys[key]] === value))
    .filter((one) => {
      const own = inspected(one).Mounts.flatMap(({ Name, Source }) => [Name, Source]);
      return volumes.length === 0 || volumes.some((volume) => own.includes(volume));
    });
}

function start(id) {
  const one = find(id);
  if (behaviour.start === "slow") {
    sleep(300);
  }
  const others = all().filter((other) => other.id !== id && isRunning(other));
  if (others.some((other) => (other.volumes ?? []).some((name) => (one.volumes ?? []).includes(name)))) {
    appendFileSync(beside("double"), `${id}\n`);
  }
  const fails = (one.hash ?? "new") === behaviour.broken;
  const state = fails ? { state: "exited", exitCode: 3 } : { state: "running", health: "healthy" };
  save({ ...one, ...state, started: new Date().toISOString() });
}

function stop(id) {
  if (behaviour.stop === "fail") {
    fail("Error response from daemon: cannot stop container");
  }
  if (behaviour.stop === "slow") {
    sleep(700);
  }
  const one = find(id);
  save({ ...one, state: "exited", exitCode: 0 });
}

function remove(id) {
  if (isRunning(find(id)) && !words.includes("--force")) {
    fail(
      "Error response from daemon: container is running: stop the container before removing or force remove",
    );
  }
  rmSync(beside(`containers/${id}`));
}

function compose() {
  if (words.includes("--hash")) {
    return text("hashes", "");
  }
  if (words.includes("--no-start")) {
    const service = words.at(-1);
    const template = JSON.parse(text("template.json", "{}"));
    const id = `c${Date.now().toString(16)}${process.pid.toString(16)}`;
    save({
      id,
      project: words[2],
      service,
      state: "created",
      created: new Date().toISOString(),
      ...template,
    });
  }
  return "";
}

const behaviour = JSON.parse(text("behaviour.json", "{}"));
appendFileSync(beside("calls"), `${words.join(" ")}\n`);
if (behaviour[command] === "hang") {
  appendFileSync(beside("pids"), `${process.pid}\n`);
  sleep(600_000);
}
if (existsSync(beside("lost")) || behaviour[command] === "lost") {
  writeFileSync(beside("lost"), "");
  fail("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?");
}
const answers = {
  ps: () =>
    words.includes("--format")
      ? ""
      : listed()
          .map(({ id }) => id)
          .join("\n"),
  inspect: () => JSON.stringify(ids(2).map(find).map(inspected)),
  image: () => "image",
  start: () => ids(1).forEach(start),
  unpause: () => ids(1).forEach(start),
  stop: () => ids(1).forEach(stop),
  rm: () => ids(1).forEach(remove),
  logs: () => text("log", ""),
  kill: () => "",
  compose,
};
process.stdout.write(`${answers[command]?.() ?? ""}\n`);
