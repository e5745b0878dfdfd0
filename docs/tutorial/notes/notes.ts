import { http, system, text } from "../../../catalog/define";

export const notes = system("notes", ({ image, job, postgres, route, secret, service, setting }) => {
  const db = postgres("db", { database: "notes" });
  const apiImage = image("api", { context: "services/notes/api", runtime: "python" });

  const migrate = job("migrate", {
    image: apiImage,
    command: ["python", "migrate.py"],
    env: { DATABASE_URL: db.ownerUrl, DATABASE_OWNER_ROLE: db.ownerRole },
    resources: { cpu: ["100m", "500m"], memory: ["64Mi", "256Mi"] }, // request, limit
  });

  const api = service("api", {
    image: apiImage,
    after: [migrate],
    ports: { http: 8000 },
    env: {
      DATABASE_URL: db.url,
      LOG_LEVEL: setting("logLevel", "info", { oneOf: ["debug", "info", "warning"] }),
      MAIL_KEY: secret("mail-key", { optionalIn: ["local", "dev"] }),
      MAIL_FROM: text`notes@${setting("mailDomain", "example.com")}`,
    },
    egress: ["api.mail.example:443"],
    live: http("/livez"),
    ready: http("/readyz"),
    resources: { cpu: ["100m", "500m"], memory: ["64Mi", "256Mi"] },
    scale: { min: 2, max: 6, cpu: 70 },
    environments: { staging: { replicas: 1 } },
  });

  route("/", api.http);
});
