"use client";

import { useEffect, useRef } from "react";
import { dayOf } from "../lib/dates.ts";
import { isShown, neighbour, type ListState } from "../lib/state.ts";
import type { Draft, Todo } from "../lib/types.ts";
import { TodoItem } from "./TodoItem.tsx";

interface Props {
  state: ListState;
  onDone: (todo: Todo, done: boolean) => void;
  onEdit: (todo: Todo, draft: Draft) => Promise<boolean>;
  onDelete: (todo: Todo) => void;
  onRetry: () => void;
  onMore: () => void;
}

export function TodoList({ state, onDone, onEdit, onDelete, onRetry, onMore }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const focusNext = useRef<{ id: string | undefined }>(undefined);
  const { phase, todos } = state;
  const today = dayOf(new Date());

  // Keep the keyboard focus at the position of the removed todo instead of the top of the page.
  useEffect(() => {
    const next = focusNext.current;
    if (!next) return;
    focusNext.current = undefined;
    const target = next.id && list.current?.querySelector<HTMLElement>(`[data-todo="${next.id}"] .check`);
    (target || heading.current)?.focus();
  }, [todos]);

  const leave = (todo: Todo) => {
    focusNext.current = { id: neighbour(todos, todo.id) };
  };

  return (
    <section
      className="list card"
      aria-labelledby="list-heading"
      aria-busy={phase === "loading" || phase === "refreshing"}
    >
      <h2 id="list-heading" ref={heading} tabIndex={-1} className="sr-only">
        Todos
      </h2>
      {phase === "loading" && <Skeleton />}
      {phase === "failed" && (
        <div className="state" role="alert">
          <p className="state-title">The list could not be loaded</p>
          <p>{state.problem}</p>
          <button type="button" className="primary" onClick={onRetry}>
            Try again
          </button>
        </div>
      )}
      {phase === "ready" && !todos.length && <Nothing state={state} />}
      {phase !== "loading" && todos.length > 0 && (
        <ul ref={list} className="todos" role="list">
          {todos.map((todo) => (
            <TodoItem
              key={todo.id}
              todo={todo}
              today={today}
              onDone={(done) => {
                if (!isShown({ ...todo, done }, state)) leave(todo);
                onDone(todo, done);
              }}
              onEdit={(draft) => onEdit(todo, draft)}
              onDelete={() => {
                leave(todo);
                onDelete(todo);
              }}
            />
          ))}
        </ul>
      )}
      {state.cursor && phase !== "loading" && (
        <button type="button" className="more" onClick={onMore} aria-disabled={phase === "refreshing"}>
          {phase === "refreshing" ? "Loading…" : "Show older todos"}
        </button>
      )}
    </section>
  );
}

function Skeleton() {
  return (
    <div className="skeleton">
      <p className="sr-only" role="status">
        Loading todos…
      </p>
      <span aria-hidden="true" />
      <span aria-hidden="true" />
      <span aria-hidden="true" />
    </div>
  );
}

function Nothing({ state }: { state: ListState }) {
  const { search, filter, counts } = state;
  const [title, text] = search.trim()
    ? [`Nothing found for “${search.trim()}”`, "Try other words, or another filter."]
    : filter === "done"
      ? ["Nothing done yet", "What you tick off shows up here."]
      : filter === "open" && counts.done
        ? ["All done", "Enjoy the moment."]
        : ["Nothing to do", "Add your first todo above, or ask the assistant for it."];
  return (
    <div className="state" role="status">
      <p className="state-title">{title}</p>
      <p>{text}</p>
    </div>
  );
}
