import { run } from "../../tools/process";
import { containersOf } from "./docker-api";

/** Logins of the database, by what they are for, as connection strings with their passwords. */
export type Logins = Readonly<Record<LoginKind, string>>;
export type LoginKind = "application" | "migration" | "administrator";

const SERVICE = "com.docker.compose.service";

/** Reads the logins that the containers of the settled deployment were given. */
export async function readLogins(project: string): Promise<Logins> {
  const [application, migration, password] = await Promise.all([
    secretOf(project, "backend", "database-url"),
    secretOf(project, "migrate", "database-url"),
    secretOf(project, "db-roles", "pgpassword"),
  ]);
  const administrator = new URL(migration);
  administrator.username = "postgres";
  administrator.password = password;
  return { application, migration, administrator: administrator.href };
}

/** Reads a mounted secret of a container in any state. */
async function secretOf(project: string, service: string, name: string): Promise<string> {
  const container = (await containersOf(project)).find(({ Labels }) => Labels[SERVICE] === service);
  const script = 'set -o pipefail; docker cp --follow-link "$0:$1" - | tar -xO';
  const path = `/run/secrets/${name}`;
  const { code, stdout, stderr } = await run("bash", ["-c", script, container?.Id ?? service, path]);
  if (code !== 0) {
    throw new Error(`${service} ${path} cannot be read: ${stderr.trim()}`);
  }
  return stdout.trim();
}

/** Logins of the past and the present of a database. */
export class LoginHistory {
  private readonly replaced: { kind: LoginKind; url: string }[] = [];

  constructor(private current: Logins) {}

  /** Every password that was ever in use. */
  get urls(): string[] {
    return [...Object.values(this.current), ...this.replaced.map(({ url }) => url)];
  }

  /** Takes the logins after a round, and tries them: the current ones must work, the replaced ones must not. */
  async violations(db: string, now: Logins): Promise<string[]> {
    for (const kind of Object.keys(now) as LoginKind[]) {
      if (this.current[kind] !== now[kind]) {
        this.replaced.push({ kind, url: this.current[kind] });
      }
    }
    this.current = now;
    const current = Object.entries(now).map(async ([kind, url]) =>
      (await works(db, url)) ? [] : [`the current login of the ${kind} does not work`],
    );
    // PostgreSQL has two logins that take turns: older passwords belong to the same two names.
    const old = this.replaced
      .slice(-6)
      .map(async ({ kind, url }) =>
        (await works(db, url)) ? [`a replaced login of the ${kind} still works`] : [],
      );
    return (await Promise.all([...current, ...old])).flat();
  }
}

/** Whether the database accepts a login, over its network. */
async function works(db: string, url: string): Promise<boolean> {
  // Drivers are named in the scheme: postgresql+psycopg://.
  const plain = url.replace(/^postgresql\+\w+:/, "postgresql:");
  const { code } = await run("docker", ["exec", "-i", db, "psql", "-Atq", "-c", "select 1", plain]);
  return code === 0;
}
