import type { Counts, Status, Todo, TodoPage } from "./types.ts";

/** What the list shows. Todos are newest first, as the backend gives them. */
export interface ListState {
  filter: Status;
  search: string;
  /** "loading" has nothing to show yet, "refreshing" shows what was there before. */
  phase: "loading" | "refreshing" | "ready" | "failed";
  problem: string | undefined;
  todos: Todo[];
  cursor: string | null;
  counts: Counts;
}

export const initialState: ListState = {
  filter: "all",
  search: "",
  phase: "loading",
  problem: undefined,
  todos: [],
  cursor: null,
  counts: { open: 0, done: 0 },
};

export type Action =
  | { type: "filter"; filter: Status }
  | { type: "search"; search: string }
  | { type: "load" }
  | { type: "loaded"; page: TodoPage; append: boolean }
  | { type: "failed"; problem: string }
  | { type: "put"; todo: Todo }
  | { type: "removed"; todo: Todo };

export function reduce(state: ListState, action: Action): ListState {
  switch (action.type) {
    case "filter":
      return { ...state, filter: action.filter };
    case "search":
      return { ...state, search: action.search };
    case "load":
      return { ...state, phase: state.phase === "loading" || !state.todos.length ? "loading" : "refreshing" };
    case "loaded": {
      const known = new Set(action.append ? state.todos.map((todo) => todo.id) : []);
      const fresh = action.page.items.filter((todo) => !known.has(todo.id));
      return {
        ...state,
        phase: "ready",
        problem: undefined,
        todos: action.append ? [...state.todos, ...fresh] : fresh,
        cursor: action.page.next_cursor,
        counts: action.page.counts,
      };
    }
    case "failed":
      return { ...state, phase: "failed", problem: action.problem };
    case "put":
      return put(state, action.todo);
    case "removed":
      return take(state, action.todo);
  }
}

/** Whether a todo belongs to what is on the screen. */
export function isShown(todo: Todo, { filter, search }: Pick<ListState, "filter" | "search">): boolean {
  const text = search.trim().toLowerCase();
  const found = !text || `${todo.title}\n${todo.description}`.toLowerCase().includes(text);
  return found && (filter === "all" || todo.done === (filter === "done"));
}

/** The todo that gets the focus when this one leaves the screen: the next one, or else the one before. */
export function neighbour(todos: Todo[], id: string): string | undefined {
  const index = todos.findIndex((todo) => todo.id === id);
  return (todos[index + 1] ?? todos[index - 1])?.id;
}

/** Adds a todo or replaces the one with its id, keeping order and counts. */
function put(state: ListState, todo: Todo): ListState {
  const before = state.todos.find((other) => other.id === todo.id);
  const others = state.todos.filter((other) => other.id !== todo.id);
  const counts = count(before ? count(state.counts, before, -1) : state.counts, todo, 1);
  if (!isShown(todo, state)) return { ...state, todos: others, counts };
  const position = before
    ? state.todos.indexOf(before)
    : others.findIndex((other) => other.created_at < todo.created_at);
  return { ...state, counts, todos: others.toSpliced(position < 0 ? others.length : position, 0, todo) };
}

function take(state: ListState, todo: Todo): ListState {
  const present = state.todos.find((other) => other.id === todo.id);
  if (!present) return state;
  return {
    ...state,
    todos: state.todos.filter((other) => other !== present),
    counts: count(state.counts, present, -1),
  };
}

function count(counts: Counts, todo: Todo, by: 1 | -1): Counts {
  const key = todo.done ? "done" : "open";
  return { ...counts, [key]: Math.max(0, counts[key] + by) };
}
