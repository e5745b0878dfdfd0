/**
 * What to run inside a container to ask its health check, from the `Test` that the engine reports: `["CMD", …]` as it
 * is, `["CMD-SHELL", text]` in a shell. `undefined` when there is none.
 */
export function healthCommand(test: readonly string[] | undefined): string[] | undefined {
  const [kind, ...words] = test ?? [];
  return kind === "CMD" ? words : kind === "CMD-SHELL" ? ["/bin/sh", "-c", words.join(" ")] : undefined;
}
