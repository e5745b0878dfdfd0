import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { removableImages, type ListedImage } from "../../cli/commands/clean";

const image = (repository: string, tag: string): ListedImage => ({
  repository,
  tag,
  bytes: 1_000_000,
  age: "now",
});

describe("cli: clean", () => {
  const images = [
    image("longshore/todo/backend", "src-0000000000aa"),
    image("longshore/todo/backend", "src-0000000000bb"),
    image("longshore/nexus/api", "src-0000000000cc"),
    image("longshore/todo/backend", "1.4.0"),
    image("postgres", "17"),
    image("longshore/todolist/web", "src-0000000000dd"),
  ];
  const tags = (found: readonly ListedImage[]) => found.map(({ tag }) => tag);

  it("takes images of former builds, and none that is wanted", () => {
    const keep = new Set(["longshore/todo/backend:src-0000000000aa"]);
    assert.deepEqual(tags(removableImages(images, ["todo", "nexus"], keep)), [
      "src-0000000000bb",
      "src-0000000000cc",
    ]);
  });

  it("leaves other systems, versions that a person named and images of others alone", () => {
    assert.deepEqual(tags(removableImages(images, ["todo"], new Set())), [
      "src-0000000000aa",
      "src-0000000000bb",
    ]);
    assert.deepEqual(removableImages(images, [], new Set()), []);
  });
});
