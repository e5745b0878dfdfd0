"use client";

import { useEffect, useRef, useState } from "react";
import { api, ApiError } from "../lib/api.ts";
import { dayOf } from "../lib/dates.ts";
import type { Change, ChatMessage } from "../lib/types.ts";
import { wordsFor } from "./useTodos.ts";

export interface Turn extends ChatMessage {
  key: number;
  changes: Change[];
}

/** How many messages the assistant is reminded of. */
const REMEMBERED = 20;

export function useChat(onChanges: () => void) {
  const [enabled, setEnabled] = useState(true);
  const [turns, setTurns] = useState<Turn[]>([]);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const running = useRef<AbortController>(undefined);
  const lastKey = useRef(0);

  useEffect(() => {
    const controller = new AbortController();
    // When it cannot be asked now, trying it later tells.
    api.chatEnabled(controller.signal).then(setEnabled, () => undefined);
    return () => controller.abort();
  }, []);
  useEffect(() => () => running.current?.abort(), []);

  function toTurn(message: ChatMessage, changes: Change[] = []): Turn {
    return { ...message, changes, key: ++lastKey.current };
  }

  async function ask(conversation: Turn[]): Promise<void> {
    const controller = (running.current = new AbortController());
    setTurns(conversation);
    setProblem(undefined);
    setBusy(true);
    try {
      const history = conversation.slice(-REMEMBERED).map(({ role, content }) => ({ role, content }));
      const { reply, changes } = await api.chat(history, dayOf(new Date()), controller.signal);
      setTurns([...conversation, toTurn({ role: "assistant", content: reply }, changes)]);
      if (changes.length) onChanges();
    } catch (error) {
      if (controller.signal.aborted) return;
      if (error instanceof ApiError) {
        if (error.kind === "chat-not-configured") setEnabled(false);
        if (error.changes.length) onChanges();
      }
      setProblem(wordsFor(error));
    } finally {
      if (running.current === controller) setBusy(false);
    }
  }

  return {
    enabled,
    turns,
    busy,
    problem,
    send: (text: string) => ask([...turns, toTurn({ role: "user", content: text })]),
    retry: () => ask(turns),
    clear() {
      running.current?.abort();
      setTurns([]);
      setProblem(undefined);
      setBusy(false);
    },
  };
}
