// A stand-in for the OpenAI API, for tests: no model, no network, always the same answer to the same question.
// It speaks POST /v1/chat/completions (not streamed) as far as an assistant with tools needs it:
//   "add TITLE"       calls the tool add_todo, then says: Added "TITLE".
//   "complete TITLE"  calls complete_todo with the id that the system message lists for TITLE
//   "delete TITLE"    calls delete_todo likewise
//   "fail STATUS"     answers with that HTTP status
//   "wait SECONDS"    answers after that time
//   anything else     is said back: You said: …
// Environment: PORT (default 8080), API_KEY (when set, any other key is refused). GET /livez and /readyz answer 200.
import { createServer } from "node:http";

const port = Number(process.env.PORT || 8080);
const key = process.env.API_KEY;
let served = 0;

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    handle(request, Buffer.concat(chunks).toString("utf8"))
      .catch((error) => [500, failure(String(error))])
      .then(([status, body]) => {
        console.log(
          JSON.stringify({ logger: "openai-stand-in", method: request.method, path: request.url, status }),
        );
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
  });
});

async function handle(request, text) {
  const path = new URL(request.url, "http://stand-in").pathname;
  if (request.method === "GET" && (path === "/livez" || path === "/readyz")) return [200, { status: "ok" }];
  if (request.method !== "POST" || path !== "/v1/chat/completions") return [404, failure("no such endpoint")];
  if (key && request.headers.authorization !== `Bearer ${key}`) return [401, failure("incorrect API key")];

  const { model, messages, tools } = JSON.parse(text);
  const last = messages.at(-1);
  if (last.role === "tool") return [200, completion(model, { content: report(messages) })];

  const said = last.content.trim();
  const [, word, rest] = /^(\S+)\s*(.*)$/s.exec(said);
  const command = word.toLowerCase();
  if (command === "fail") return [Number(rest) || 500, failure("asked to fail")];
  if (command === "wait") await new Promise((resolve) => setTimeout(resolve, Number(rest) * 1000));
  if (tools && rest && command === "add") return [200, call(model, "add_todo", { title: rest })];
  if (tools && rest && (command === "complete" || command === "delete")) {
    const id = idOf(messages, rest);
    return [
      200,
      id
        ? call(model, `${command}_todo`, { id })
        : completion(model, { content: `I see no todo "${rest}".` }),
    ];
  }
  return [200, completion(model, { content: `You said: ${said}` })];
}

/** The id of a todo by its title, from the JSON list in the system message. */
function idOf(messages, title) {
  const system = messages.find(({ role }) => role === "system")?.content ?? "";
  const list = /^\[.*\]$/m.exec(system);
  return (list ? JSON.parse(list[0]) : []).find((todo) => todo.title.toLowerCase() === title.toLowerCase())
    ?.id;
}

/** What the tools of the last round did, in words. */
function report(messages) {
  const from = messages.findLastIndex(({ role }) => role === "assistant") + 1;
  return messages
    .slice(from)
    .map(({ content }) => {
      const { error, action, todo } = JSON.parse(content);
      return error
        ? `That did not work: ${error}.`
        : `${action[0].toUpperCase()}${action.slice(1)} "${todo.title}".`;
    })
    .join(" ");
}

function call(model, name, args) {
  const id = `call_${++served}`;
  const tool = { id, type: "function", function: { name, arguments: JSON.stringify(args) } };
  return completion(model, { content: null, tool_calls: [tool] }, "tool_calls");
}

function completion(model, message, finish_reason = "stop") {
  return {
    id: `stand-in-${++served}`,
    object: "chat.completion",
    created: 0,
    model,
    choices: [{ index: 0, finish_reason, message: { role: "assistant", ...message } }],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  };
}

function failure(message) {
  return { error: { message, type: "stand_in", code: null } };
}

server.listen(port, () =>
  console.log(JSON.stringify({ logger: "openai-stand-in", message: `listening on ${port}` })),
);
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
