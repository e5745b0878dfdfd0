import { useCallback, useMemo, useState } from "react";
import { useConfig } from "#web/hooks.ts";
import { Brand, Header, Starting } from "#web/parts.tsx";
import { Dashboard } from "./components/Dashboard.tsx";
import { Login } from "./components/Login.tsx";
import { Api } from "./lib/api.ts";
import { ApiContext } from "./lib/context.ts";
import { forgetSession, keepSession, storedSession } from "./lib/session.ts";
import type { Session } from "./lib/types.ts";

export function App() {
  const { config, failure } = useConfig();
  const [session, setSession] = useState(() => storedSession(sessionStorage));
  const [hint, setHint] = useState<string>();

  const leave = useCallback((why?: string) => {
    forgetSession(sessionStorage);
    setSession(undefined);
    setHint(why);
  }, []);
  const enter = useCallback((fresh: Session) => {
    keepSession(sessionStorage, fresh);
    setSession(fresh);
    setHint(undefined);
  }, []);
  const token = session?.token;
  const api = useMemo(
    () =>
      config &&
      new Api(
        config.apiOrigin,
        token === undefined
          ? {}
          : { token, onEnd: () => leave("Your session has ended. Sign in to go on.") },
      ),
    [config, token, leave],
  );

  return (
    <>
      <Header>
        <p className="brand">
          <Brand />
        </p>
        {session && (
          <div className="row">
            <span className="muted">Signed in as {session.subject}</span>
            <button type="button" onClick={() => leave()}>
              Sign out
            </button>
          </div>
        )}
      </Header>
      <main id="main" tabIndex={-1}>
        {!api ? (
          <Starting failure={failure} />
        ) : session ? (
          <ApiContext value={api}>
            <Dashboard />
          </ApiContext>
        ) : (
          <Login api={api} hint={hint} onSession={enter} />
        )}
      </main>
    </>
  );
}
