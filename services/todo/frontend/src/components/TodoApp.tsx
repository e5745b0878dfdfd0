"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { ChatPanel } from "./ChatPanel.tsx";
import { Composer } from "./Composer.tsx";
import { Filters } from "./Filters.tsx";
import { Icon } from "./icons.tsx";
import { Toast } from "./Toast.tsx";
import { TodoList } from "./TodoList.tsx";
import { useTodos } from "./useTodos.ts";

/** Below this width the assistant covers the list; the style sheet says the same. */
const NARROW = "(max-width: 60rem)";

export function TodoApp({ title, badge }: { title: string; badge: string | undefined }) {
  const todos = useTodos();
  const [chatOpen, setChatOpen] = useState(false);
  const narrow = useMedia(NARROW);
  const covered = narrow && chatOpen;
  const opener = useRef<HTMLButtonElement>(null);
  const chatInput = useRef<HTMLTextAreaElement>(null);

  const wasCovered = useRef(false);
  useEffect(() => {
    if (covered)
      (chatInput.current ?? document.querySelector<HTMLElement>("#assistant .chat-close"))?.focus();
    else if (wasCovered.current) opener.current?.focus();
    wasCovered.current = covered;
  }, [covered]);

  const closeChat = useCallback(() => setChatOpen(false), []);
  const { state } = todos;

  return (
    <div className="page">
      <header className="top" inert={covered}>
        <h1>
          {title}
          {badge && <span className="badge">{badge}</span>}
        </h1>
        <button
          ref={opener}
          type="button"
          className="chat-open"
          aria-expanded={chatOpen}
          aria-controls="assistant"
          onClick={() => setChatOpen(true)}
        >
          <Icon name="chat" />
          Assistant
        </button>
      </header>
      <main inert={covered}>
        <Composer onAdd={todos.add} />
        <Filters
          filter={state.filter}
          search={state.search}
          counts={state.phase === "ready" || state.todos.length ? state.counts : undefined}
          onFilter={todos.setFilter}
          onSearch={todos.setSearch}
        />
        <TodoList
          state={state}
          onDone={(todo, done) => void todos.setDone(todo, done)}
          onEdit={todos.edit}
          onDelete={(todo) => void todos.remove(todo)}
          onRetry={() => void todos.reload()}
          onMore={() => void todos.loadMore()}
        />
      </main>
      <ChatPanel
        open={chatOpen}
        input={chatInput}
        onClose={closeChat}
        onChanges={() => void todos.reload()}
        onRestore={(todo) => void todos.restore(todo)}
      />
      <Toast notice={todos.notice} onDismiss={todos.dismiss} />
    </div>
  );
}

/** Whether a media query holds; false until the browser has been asked. */
function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(false);
  useEffect(() => {
    const media = matchMedia(query);
    const update = () => setMatches(media.matches);
    update();
    media.addEventListener("change", update);
    return () => media.removeEventListener("change", update);
  }, [query]);
  return matches;
}
