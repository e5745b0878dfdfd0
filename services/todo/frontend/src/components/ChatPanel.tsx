"use client";

import { type FormEvent, type KeyboardEvent, type RefObject, useEffect, useRef } from "react";
import type { Change, Todo } from "../lib/types.ts";
import { Icon } from "./icons.tsx";
import { useChat } from "./useChat.ts";

interface Props {
  open: boolean;
  input: RefObject<HTMLTextAreaElement | null>;
  onClose: () => void;
  onChanges: () => void;
  onRestore: (todo: Todo) => void;
}

const IDEAS = ["Add “Call the dentist” for tomorrow", "What is due this week?", "What should I do first?"];

const WORDS: Record<Change["action"], string> = {
  added: "Added",
  completed: "Completed",
  deleted: "Deleted",
};

/** The assistant beside the list; on a narrow screen it comes up over the list. */
export function ChatPanel({ open, input, onClose, onChanges, onRestore }: Props) {
  const chat = useChat(onChanges);
  const log = useRef<HTMLDivElement>(null);

  useEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [chat.turns, chat.busy, chat.problem]);

  function send(text: string) {
    if (!text.trim() || chat.busy) return;
    void chat.send(text.trim());
    if (input.current) input.current.value = "";
    input.current?.focus();
  }

  // Both buttons vanish with the click; the focus goes to where one writes.
  function clear() {
    chat.clear();
    input.current?.focus();
  }

  function retry() {
    void chat.retry();
    input.current?.focus();
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    send(input.current?.value ?? "");
  }

  function keys(event: KeyboardEvent) {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) submit(event);
  }

  return (
    <aside
      id="assistant"
      className={open ? "chat card open" : "chat card"}
      aria-label="Assistant"
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <header className="chat-head">
        <h2>Assistant</h2>
        {chat.turns.length > 0 && (
          <button type="button" className="quiet" onClick={clear}>
            New conversation
          </button>
        )}
        <button
          type="button"
          className="quiet icon-button chat-close"
          aria-label="Close assistant"
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      {!chat.enabled ? (
        <div className="state">
          <p className="state-title">The assistant is not set up here</p>
          <p>Your list works without it. The operator of this installation can enable the assistant.</p>
        </div>
      ) : (
        <>
          <div ref={log} className="chat-log" role="log" aria-label="Conversation" tabIndex={0}>
            {!chat.turns.length && (
              <div className="ideas">
                <p>Ask about your todos, or have some added, completed or deleted.</p>
                {IDEAS.map((idea) => (
                  <button key={idea} type="button" onClick={() => send(idea)}>
                    {idea}
                  </button>
                ))}
              </div>
            )}
            {chat.turns.map((turn) => (
              <div key={turn.key} className={`turn ${turn.role}`}>
                <p>
                  <span className="sr-only">{turn.role === "user" ? "You: " : "Assistant: "}</span>
                  {turn.content}
                </p>
                {turn.changes.length > 0 && <Changes changes={turn.changes} onRestore={onRestore} />}
              </div>
            ))}
            {chat.busy && (
              <p className="thinking">
                Thinking<span aria-hidden="true">…</span>
              </p>
            )}
            {chat.problem && (
              <div className="chat-problem" role="alert">
                <p>{chat.problem}</p>
                <button type="button" onClick={retry}>
                  Try again
                </button>
              </div>
            )}
          </div>
          <form className="chat-form" onSubmit={submit} aria-label="Message to the assistant">
            <label className="sr-only" htmlFor="chat-input">
              Message
            </label>
            <textarea
              ref={input}
              id="chat-input"
              rows={1}
              maxLength={8000}
              placeholder="Message the assistant"
              enterKeyHint="send"
              onKeyDown={keys}
            />
            <button type="submit" className="primary icon-button" aria-label="Send" aria-disabled={chat.busy}>
              <Icon name="send" />
            </button>
          </form>
        </>
      )}
    </aside>
  );
}

function Changes({ changes, onRestore }: { changes: Change[]; onRestore: (todo: Todo) => void }) {
  return (
    <ul className="changes">
      {changes.map(({ action, todo }, index) => (
        <li key={index}>
          <span>
            {WORDS[action]} “{todo.title}”
          </span>
          {action === "deleted" && (
            <button type="button" className="quiet" onClick={() => onRestore(todo)}>
              Undo
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
