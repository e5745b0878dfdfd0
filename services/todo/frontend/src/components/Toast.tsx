"use client";

import { useEffect, useRef, useState } from "react";
import { Icon } from "./icons.tsx";
import type { Notice } from "./useTodos.ts";

/** Milliseconds that a notice stays; it waits while someone points at it or has the focus in it. */
const STAY = 10_000;

/** Says what happened, to eyes and to screen readers, and offers the way back. */
export function Toast({ notice, onDismiss }: { notice: Notice | undefined; onDismiss: () => void }) {
  const [held, setHeld] = useState(false);
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!notice || held) return;
    const timer = setTimeout(onDismiss, STAY);
    return () => clearTimeout(timer);
  }, [notice, held, onDismiss]);

  // Where the focus goes when its button vanishes: to the list, not to nowhere.
  function leave(then: () => void) {
    const inside = box.current?.contains(document.activeElement);
    setHeld(false);
    then();
    if (inside) document.getElementById("list-heading")?.focus();
  }

  return (
    <>
      <div className="sr-only" role="status" aria-live="polite" key="polite">
        {notice?.tone === "info" && <span key={notice.key}>{notice.text}</span>}
      </div>
      <div className="sr-only" role="alert" key="assertive">
        {notice?.tone === "error" && <span key={notice.key}>{notice.text}</span>}
      </div>
      {notice && (
        <div
          ref={box}
          key={notice.key}
          className={`toast ${notice.tone}`}
          role="group"
          aria-label="Last action"
          onMouseEnter={() => setHeld(true)}
          onMouseLeave={() => setHeld(false)}
          onFocus={() => setHeld(true)}
          onBlur={() => setHeld(false)}
          onKeyDown={(event) => {
            if (event.key === "Escape") leave(onDismiss);
          }}
        >
          <p>{notice.text}</p>
          {notice.undo && (
            <button
              type="button"
              onClick={() =>
                leave(() => {
                  onDismiss();
                  void notice.undo?.();
                })
              }
            >
              Undo
            </button>
          )}
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => leave(onDismiss)}>
            <Icon name="close" />
          </button>
        </div>
      )}
    </>
  );
}
