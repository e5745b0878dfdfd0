"use client";

import { useCallback, useEffect, useReducer, useRef, useState } from "react";
import { api } from "../lib/api.ts";
import { initialState, reduce } from "../lib/state.ts";
import type { Draft, Status, Todo } from "../lib/types.ts";

/** A short message about what just happened, perhaps with a way back. */
export interface Notice {
  key: number;
  text: string;
  tone: "info" | "error";
  undo?: () => Promise<void>;
}

/** Milliseconds between the last key and the search. */
const PAUSE = 250;
/** A list older than this is fetched again when the person comes back to the page, in milliseconds. */
const STALE = 30_000;

export function useTodos() {
  const [state, dispatch] = useReducer(reduce, initialState);
  const [notice, setNotice] = useState<Notice>();
  const loading = useRef<AbortController>(undefined);
  const loadedAt = useRef(0);
  const noticeKey = useRef(0);
  const { filter, search, cursor } = state;

  const tell = useCallback((text: string, undo?: () => Promise<void>) => {
    setNotice({ key: ++noticeKey.current, text, tone: "info", ...(undo && { undo }) });
  }, []);
  const complain = useCallback((error: unknown) => {
    setNotice({ key: ++noticeKey.current, text: wordsFor(error), tone: "error" });
  }, []);

  const load = useCallback(
    async (from?: string | null) => {
      loading.current?.abort();
      const controller = (loading.current = new AbortController());
      dispatch({ type: "load" });
      try {
        const page = await api.list({ status: filter, search, cursor: from ?? null }, controller.signal);
        loadedAt.current = Date.now();
        dispatch({ type: "loaded", page, append: Boolean(from) });
      } catch (error) {
        if (!controller.signal.aborted) dispatch({ type: "failed", problem: wordsFor(error) });
      }
    },
    [filter, search],
  );

  const searched = useRef(search);
  useEffect(() => {
    const typing = searched.current !== search;
    searched.current = search;
    const timer = setTimeout(() => void load(), typing ? PAUSE : 0);
    return () => clearTimeout(timer);
  }, [load, search]);

  useEffect(() => {
    const refresh = () => {
      if (document.visibilityState === "visible" && Date.now() - loadedAt.current > STALE) void load();
    };
    document.addEventListener("visibilitychange", refresh);
    return () => document.removeEventListener("visibilitychange", refresh);
  }, [load]);

  useEffect(() => () => loading.current?.abort(), []);

  const restore = useCallback(
    async (todo: Todo) => {
      try {
        dispatch({ type: "put", todo: await api.restore(todo.id) });
        tell(`Brought back “${todo.title}”.`);
      } catch (error) {
        complain(error);
      }
    },
    [complain, tell],
  );

  const setDone = useCallback(
    async (todo: Todo, done: boolean): Promise<void> => {
      dispatch({ type: "put", todo: { ...todo, done } });
      try {
        const saved = await api.update(todo.id, { done });
        dispatch({ type: "put", todo: saved });
        tell(done ? `Completed “${todo.title}”.` : `“${todo.title}” is open again.`, () =>
          setDone(saved, !done),
        );
      } catch (error) {
        dispatch({ type: "put", todo });
        complain(error);
      }
    },
    [complain, tell],
  );

  return {
    state,
    notice,
    dismiss: useCallback(() => setNotice(undefined), []),
    setFilter: (next: Status) => dispatch({ type: "filter", filter: next }),
    setSearch: (next: string) => dispatch({ type: "search", search: next }),
    reload: useCallback(() => load(), [load]),
    loadMore: () => load(cursor),
    restore,
    setDone,

    /** @returns whether it worked; the form keeps its text when it did not */
    async add(draft: Draft): Promise<boolean> {
      try {
        dispatch({ type: "put", todo: await api.create(draft) });
        tell(`Added “${draft.title.trim()}”.`);
        return true;
      } catch (error) {
        complain(error);
        return false;
      }
    },

    async edit(todo: Todo, draft: Draft): Promise<boolean> {
      try {
        dispatch({ type: "put", todo: await api.update(todo.id, draft) });
        tell(`Saved “${draft.title.trim()}”.`);
        return true;
      } catch (error) {
        complain(error);
        return false;
      }
    },

    async remove(todo: Todo): Promise<void> {
      dispatch({ type: "removed", todo });
      try {
        await api.remove(todo.id);
        tell(`Deleted “${todo.title}”.`, () => restore(todo));
      } catch (error) {
        dispatch({ type: "put", todo });
        complain(error);
      }
    },
  };
}

export function wordsFor(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong.";
}
