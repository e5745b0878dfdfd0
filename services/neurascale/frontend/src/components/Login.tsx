import { useState, type FormEvent } from "react";
import type { Api } from "../lib/api.ts";
import { useAction } from "#web/hooks.ts";
import type { Session } from "../lib/types.ts";
import { Failure } from "#web/parts.tsx";

export function Login({
  api,
  hint,
  onSession,
}: {
  api: Api;
  hint: string | undefined;
  onSession: (session: Session) => void;
}) {
  const [name, setName] = useState("operator");
  const [password, setPassword] = useState("");
  const { busy, failure, act } = useAction();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act(async () => onSession(await api.login(name, password)));
  };
  return (
    <form className="login card" onSubmit={submit}>
      <h1>Sign in</h1>
      {hint && <p className="muted">{hint}</p>}
      <label htmlFor="name">Name</label>
      <input
        id="name"
        autoComplete="username"
        required
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <label htmlFor="password">Password</label>
      <input
        id="password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {failure && <Failure message={failure} />}
      <button type="submit" className="primary" disabled={busy}>
        {busy ? "Signing in …" : "Sign in"}
      </button>
    </form>
  );
}
