import { useCallback, useEffect, useMemo, useState } from "react";
import { Dashboard } from "./components/Dashboard.tsx";
import { Login } from "./components/Login.tsx";
import { Failure, Loading } from "./components/parts.tsx";
import { Api, messageOf } from "./lib/api.ts";
import { loadConfig, type Config } from "./lib/config.ts";
import { ApiContext } from "./lib/hooks.ts";
import { forgetSession, keepSession, storedSession } from "./lib/session.ts";
import type { Session } from "./lib/types.ts";

export function App() {
  const [config, setConfig] = useState<Config>();
  const [failure, setFailure] = useState<string>();
  const [session, setSession] = useState(() => storedSession(sessionStorage));
  const [hint, setHint] = useState<string>();
  useEffect(() => {
    loadConfig().then(setConfig, (error: unknown) => setFailure(messageOf(error)));
  }, []);

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
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <p className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" />
          NeuraScale
        </p>
        {session && (
          <div className="row">
            <span className="muted">Signed in as {session.subject}</span>
            <button type="button" onClick={() => leave()}>
              Sign out
            </button>
          </div>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {!api ? (
          failure ? (
            <Failure message={failure} />
          ) : (
            <Loading what="NeuraScale" />
          )
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
