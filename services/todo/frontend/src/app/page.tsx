import { connection } from "next/server";
import { TodoApp } from "../components/TodoApp.tsx";
import { readConfig } from "../lib/config.ts";

export default async function Page() {
  await connection(); // made for every request: the settings and the policy's nonce are those of now
  const { title, badge } = readConfig();
  return (
    <>
      <noscript>
        <p className="noscript">This page needs JavaScript to show your todos.</p>
      </noscript>
      <TodoApp title={title} badge={badge} />
    </>
  );
}
