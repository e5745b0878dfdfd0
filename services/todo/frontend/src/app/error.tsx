"use client";

/** Shown when a part of the page breaks; the cause is in the browser's console and, from the server, in its log. */
export default function ErrorPage({ reset }: { error: Error; reset: () => void }) {
  return (
    <main className="alone" role="alert">
      <h1>Something went wrong</h1>
      <p>Your todos are safe. Only this page stumbled.</p>
      <button type="button" className="primary" onClick={reset}>
        Try again
      </button>
    </main>
  );
}
