/**
 * Command that runs a container's health check, from the `Test` that Docker reports: `["CMD", …]` directly,
 * `["CMD-SHELL", text]` in a shell. `undefined` if there is none.
 */
export function healthCommand(test: readonly string[] | undefined): string[] | undefined {
  const [kind, ...words] = test ?? [];
  return kind === "CMD" ? words : kind === "CMD-SHELL" ? ["/bin/sh", "-c", words.join(" ")] : undefined;
}
