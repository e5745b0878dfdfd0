/** A moment's day on the person's own calendar, as YYYY-MM-DD. */
export function dayOf(moment: Date): string {
  const pad = (number: number) => String(number).padStart(2, "0");
  return `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
}

export interface Due {
  text: string;
  urgency: "overdue" | "today" | "later";
}

/** How to say a due date, seen from `today`. A done todo is never overdue. */
export function describeDue(due: string, today: string, done: boolean, locale?: string): Due {
  const days = Math.round((Date.parse(due) - Date.parse(today)) / 86_400_000);
  const sameYear = due.slice(0, 4) === today.slice(0, 4);
  const day = new Intl.DateTimeFormat(locale, {
    timeZone: "UTC",
    weekday: "short",
    day: "numeric",
    month: "short",
    ...(!sameYear && { year: "numeric" }),
  }).format(new Date(due));
  if (days === 0) return { text: "Today", urgency: done ? "later" : "today" };
  if (days === 1) return { text: "Tomorrow", urgency: "later" };
  if (days === -1 && !done) return { text: "Yesterday", urgency: "overdue" };
  return { text: day, urgency: days < 0 && !done ? "overdue" : "later" };
}
