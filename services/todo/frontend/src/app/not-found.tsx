import { connection } from "next/server";

export default async function NotFound() {
  await connection();
  return (
    <main className="alone">
      <h1>There is nothing here</h1>
      <p>
        <a href="/">Go to your todos</a>
      </p>
    </main>
  );
}
