export type Status = "all" | "open" | "done";

export interface Todo {
  id: string;
  title: string;
  description: string;
  done: boolean;
  /** A day without a time, as YYYY-MM-DD. */
  due_date: string | null;
  created_at: string;
  updated_at: string;
}

export interface Counts {
  open: number;
  done: number;
}

export interface TodoPage {
  items: Todo[];
  next_cursor: string | null;
  counts: Counts;
}

/** What a person enters for a todo, new or edited. */
export interface Draft {
  title: string;
  description: string;
  due_date: string | null;
}

export interface ChatMessage {
  role: "user" | "assistant";
  content: string;
}

export interface Change {
  action: "added" | "completed" | "deleted";
  todo: Todo;
}

export interface ChatReply {
  reply: string;
  changes: Change[];
}
