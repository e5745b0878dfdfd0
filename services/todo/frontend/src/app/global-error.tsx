"use client";

import "./globals.css";

export default function GlobalError({ reset }: { error: Error; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <main className="alone" role="alert">
          <h1>Something went wrong</h1>
          <button type="button" className="primary" onClick={reset}>
            Try again
          </button>
        </main>
      </body>
    </html>
  );
}
