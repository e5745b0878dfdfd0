"use client";

import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { describeDue } from "../lib/dates.ts";
import type { Draft, Todo } from "../lib/types.ts";
import { DetailFields, readDraft } from "./Composer.tsx";
import { Icon } from "./icons.tsx";

interface Props {
  todo: Todo;
  today: string;
  onDone: (done: boolean) => void;
  onEdit: (draft: Draft) => Promise<boolean>;
  onDelete: () => void;
}

export function TodoItem({ todo, today, onDone, onEdit, onDelete }: Props) {
  const [editing, setEditing] = useState(false);
  const editButton = useRef<HTMLButtonElement>(null);
  const id = useId();

  const wasEditing = useRef(false);
  useEffect(() => {
    if (wasEditing.current && !editing) editButton.current?.focus();
    wasEditing.current = editing;
  }, [editing]);

  if (editing) {
    return (
      <li className="todo editing">
        <Editor todo={todo} onSave={onEdit} onClose={() => setEditing(false)} />
      </li>
    );
  }
  const due = todo.due_date ? describeDue(todo.due_date, today, todo.done) : undefined;
  return (
    <li className={todo.done ? "todo done" : "todo"} data-todo={todo.id}>
      <input
        type="checkbox"
        id={id}
        className="check"
        checked={todo.done}
        onChange={(event) => onDone(event.target.checked)}
      />
      <div className="todo-text">
        <label htmlFor={id} className="todo-title">
          {todo.title}
        </label>
        {todo.description && <p className="todo-notes">{todo.description}</p>}
        {due && todo.due_date && (
          <p className={`due ${due.urgency}`}>
            <span className="sr-only">{due.urgency === "overdue" ? "Overdue since" : "Due"} </span>
            <time dateTime={todo.due_date}>{due.text}</time>
            {due.urgency === "overdue" && <span aria-hidden="true"> · overdue</span>}
          </p>
        )}
      </div>
      <div className="todo-actions">
        <button
          ref={editButton}
          type="button"
          className="quiet icon-button"
          aria-label={`Edit “${todo.title}”`}
          title="Edit"
          onClick={() => setEditing(true)}
        >
          <Icon name="edit" />
        </button>
        <button
          type="button"
          className="quiet icon-button danger"
          aria-label={`Delete “${todo.title}”`}
          title="Delete"
          onClick={onDelete}
        >
          <Icon name="delete" />
        </button>
      </div>
    </li>
  );
}

function Editor({ todo, onSave, onClose }: { todo: Todo; onSave: Props["onEdit"]; onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const [hint, setHint] = useState<string>();
  const title = useRef<HTMLInputElement>(null);
  const id = useId();

  useEffect(() => title.current?.select(), []);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const draft = readDraft(event.currentTarget);
    if (!draft.title) {
      setHint("A todo needs a title.");
      title.current?.focus();
      return;
    }
    setBusy(true);
    const saved = await onSave(draft);
    setBusy(false);
    if (saved) onClose();
  }

  function keys(event: KeyboardEvent) {
    if (event.key === "Escape" && !event.nativeEvent.isComposing) {
      event.stopPropagation();
      onClose();
    }
  }

  return (
    <form
      className="editor"
      aria-label={`Edit “${todo.title}”`}
      onSubmit={(event) => void submit(event)}
      onKeyDown={keys}
      noValidate
    >
      <label>
        <span>Title</span>
        <input
          ref={title}
          name="title"
          defaultValue={todo.title}
          maxLength={200}
          autoComplete="off"
          aria-invalid={hint ? true : undefined}
          aria-describedby={hint ? id : undefined}
          onInput={() => setHint(undefined)}
        />
      </label>
      {hint && (
        <p id={id} className="hint" role="alert">
          {hint}
        </p>
      )}
      <div className="editor-details">
        <DetailFields due={todo.due_date ?? ""} description={todo.description} />
      </div>
      <div className="editor-actions">
        <button type="submit" className="primary" aria-disabled={busy}>
          Save
        </button>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </form>
  );
}
