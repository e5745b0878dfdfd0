import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { composeProjectName } from "../../../tools/compose-project-name";

describe("composeProjectName", () => {
  const home = { HOME: "/home/ada" };

  it("is short for the usual data folder, however that is named", () => {
    assert.equal(composeProjectName("todo", "local", home), "todo-local");
    const named = { ...home, XDG_DATA_HOME: "/home/ada/.local/share" };
    assert.equal(composeProjectName("todo", "local", named), "todo-local");
  });

  it("differs for every other data folder, so that two states never share containers", () => {
    const one = composeProjectName("todo", "local", { ...home, XDG_DATA_HOME: "/tmp/one" });
    const two = composeProjectName("todo", "local", { ...home, XDG_DATA_HOME: "/tmp/two" });
    assert.match(one, /^todo-local-[0-9a-f]{6}$/);
    assert.notEqual(one, two);
  });
});
