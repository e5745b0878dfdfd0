import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { initialState, isShown, neighbour, reduce, type ListState } from "../src/lib/state.ts";
import type { Todo } from "../src/lib/types.ts";

function todo(id: string, fields: Partial<Todo> = {}): Todo {
  const created_at = `2026-01-0${id}T00:00:00Z`;
  return {
    id,
    title: `todo ${id}`,
    description: "",
    done: false,
    due_date: null,
    created_at,
    updated_at: created_at,
    ...fields,
  };
}

function loaded(todos: Todo[], state: Partial<ListState> = {}): ListState {
  const open = todos.filter(({ done }) => !done).length;
  const page = { items: todos, next_cursor: null, counts: { open, done: todos.length - open } };
  return reduce({ ...initialState, ...state }, { type: "loaded", page, append: false });
}

const ids = (state: ListState) => state.todos.map(({ id }) => id);

describe("the list's state", () => {
  it("puts a new todo at its place and counts it", () => {
    const state = reduce(loaded([todo("3"), todo("1")]), { type: "put", todo: todo("2") });
    assert.deepEqual(ids(state), ["3", "2", "1"]);
    assert.deepEqual(state.counts, { open: 3, done: 0 });
  });

  it("keeps a changed todo where it is, and moves it from one count to the other", () => {
    const state = reduce(loaded([todo("2"), todo("1")]), { type: "put", todo: todo("2", { done: true }) });
    assert.deepEqual(ids(state), ["2", "1"]);
    assert.deepEqual(state.counts, { open: 1, done: 1 });
  });

  it("drops a todo that no longer passes the filter, and brings it back to the same place", () => {
    const before = loaded([todo("3"), todo("2"), todo("1")], { filter: "open" });
    const after = reduce(before, { type: "put", todo: todo("2", { done: true }) });
    assert.deepEqual(ids(after), ["3", "1"]);
    assert.deepEqual(after.counts, { open: 2, done: 1 });
  });

  it("a failed deletion puts the todo back where it was", () => {
    const before = loaded([todo("3"), todo("2"), todo("1")]);
    const gone = reduce(before, { type: "removed", todo: todo("2") });
    assert.deepEqual([ids(gone), gone.counts.open], [["3", "1"], 2]);
    const back = reduce(gone, { type: "put", todo: todo("2") });
    assert.deepEqual([ids(back), back.counts.open], [["3", "2", "1"], 3]);
  });

  it("removing what is not there changes nothing", () => {
    const before = loaded([todo("1")]);
    assert.equal(reduce(before, { type: "removed", todo: todo("2") }), before);
  });

  it("joins pages without repeating a todo", () => {
    const page = { items: [todo("2"), todo("1")], next_cursor: null, counts: { open: 3, done: 0 } };
    const state = reduce(loaded([todo("3"), todo("2")]), { type: "loaded", page, append: true });
    assert.deepEqual(ids(state), ["3", "2", "1"]);
  });

  it("shows what was there while it refreshes, and a skeleton only when there is nothing", () => {
    assert.equal(reduce(initialState, { type: "load" }).phase, "loading");
    assert.equal(reduce(loaded([todo("1")]), { type: "load" }).phase, "refreshing");
    assert.equal(reduce(loaded([]), { type: "load" }).phase, "loading");
  });

  it("an error leaves the todos on the screen", () => {
    const state = reduce(loaded([todo("1")]), { type: "failed", problem: "offline" });
    assert.deepEqual([state.phase, state.problem, ids(state)], ["failed", "offline", ["1"]]);
  });
});

describe("what is shown", () => {
  it("follows filter and search, in title and notes, whatever the case", () => {
    const milk = todo("1", { title: "Buy MILK" });
    assert.ok(isShown(milk, { filter: "open", search: " milk " }));
    assert.ok(!isShown(milk, { filter: "done", search: "" }));
    assert.ok(!isShown(milk, { filter: "all", search: "bread" }));
    assert.ok(isShown(todo("1", { description: "with milk" }), { filter: "all", search: "Milk" }));
  });

  it("hands the focus to the next todo, or at the end to the one before", () => {
    const todos = [todo("3"), todo("2"), todo("1")];
    assert.equal(neighbour(todos, "3"), "2");
    assert.equal(neighbour(todos, "1"), "2");
    assert.equal(neighbour([todo("1")], "1"), undefined);
  });
});
