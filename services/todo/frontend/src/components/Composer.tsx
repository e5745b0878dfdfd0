"use client";

import { type FormEvent, useId, useRef, useState } from "react";
import type { Draft } from "../lib/types.ts";
import { Icon } from "./icons.tsx";
import { useAlive } from "./useAlive.ts";

/** The form for a new todo: a title is enough, a date and notes on request. */
export function Composer({ onAdd }: { onAdd: (draft: Draft) => Promise<boolean> }) {
  const [detailed, setDetailed] = useState(false);
  const [hint, setHint] = useState<string>();
  const [busy, setBusy] = useState(false);
  const title = useRef<HTMLInputElement>(null);
  const id = useId();
  // A form with a disabled button cannot be submitted, not even with Enter. Before hydration, the browser would submit it
  // natively and lose the input. Typing works from the start.
  const alive = useAlive();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const form = event.currentTarget;
    const draft = readDraft(form);
    if (!draft.title) {
      setHint("Write what there is to do first.");
      title.current?.focus();
      return;
    }
    setHint(undefined);
    setBusy(true);
    const added = await onAdd(draft);
    setBusy(false);
    if (added) {
      form.reset();
      setDetailed(false);
    }
    title.current?.focus();
  }

  return (
    <form className="composer card" onSubmit={(event) => void submit(event)} aria-label="New todo" noValidate>
      <div className="composer-line">
        <label className="sr-only" htmlFor={`${id}title`}>
          What needs doing?
        </label>
        <input
          ref={title}
          id={`${id}title`}
          name="title"
          className="composer-title"
          placeholder="What needs doing?"
          maxLength={200}
          autoComplete="off"
          enterKeyHint="done"
          aria-invalid={hint ? true : undefined}
          aria-describedby={hint ? `${id}hint` : undefined}
          onInput={() => setHint(undefined)}
        />
        <button
          type="button"
          className="quiet icon-button"
          aria-expanded={detailed}
          aria-controls={`${id}details`}
          aria-label="Due date and notes"
          title="Due date and notes"
          disabled={!alive}
          onClick={() => setDetailed(!detailed)}
        >
          <Icon name="note" />
        </button>
        <button type="submit" className="primary" disabled={!alive} aria-disabled={busy}>
          <Icon name="add" />
          Add
        </button>
      </div>
      {hint && (
        <p id={`${id}hint`} className="hint" role="alert">
          {hint}
        </p>
      )}
      <div id={`${id}details`} className="composer-details" hidden={!detailed}>
        <DetailFields />
      </div>
    </form>
  );
}

/** Date and notes, in the form for a new todo and in the one that edits. */
export function DetailFields({
  due = "",
  description = "",
}: {
  due?: string | undefined;
  description?: string;
}) {
  return (
    <>
      <label>
        <span>Due date</span>
        <input type="date" name="due_date" defaultValue={due} />
      </label>
      <label className="grow">
        <span>Notes</span>
        <textarea name="description" rows={2} maxLength={4000} defaultValue={description} />
      </label>
    </>
  );
}

export function readDraft(form: HTMLFormElement): Draft {
  const data = new FormData(form);
  const text = (name: string) => {
    const value = data.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  return { title: text("title"), description: text("description"), due_date: text("due_date") || null };
}
