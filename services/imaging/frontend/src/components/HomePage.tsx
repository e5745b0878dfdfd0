import { useState } from "react";
import { messageOf } from "#web/http.ts";
import { useAction, useLoaded } from "#web/hooks.ts";
import { useApi } from "../lib/context.ts";
import { Link } from "#web/navigation.tsx";
import type { PictureSummary } from "../lib/types.ts";
import { moment, percent, STATUS } from "../lib/words.ts";
import { Failure, Loading, PageTitle } from "#web/parts.tsx";
import { Upload } from "./Upload.tsx";

export function HomePage() {
  return (
    <>
      <PageTitle title="How much of a picture is space?" />
      <p className="lead muted">
        Negative space is what is around and between the things that a picture shows. Upload one: its space is
        measured and shown.
      </p>
      <Upload />
      <History />
    </>
  );
}

const waiting = ({ status }: PictureSummary) => status === "queued" || status === "analyzing";

function History() {
  const api = useApi();
  const { data, error, reload } = useLoaded(
    "pictures",
    (signal) => api.pictures(null, signal),
    (page) => (page?.items.some(waiting) ? 2_000 : 0),
  );
  const [older, setOlder] = useState<readonly PictureSummary[]>([]);
  const [next, setNext] = useState<string | null>();
  const { busy, failure, act } = useAction();
  const rest = next === undefined ? (data?.next ?? null) : next;
  const more = () =>
    act(async () => {
      const page = await api.pictures(rest);
      setOlder((before) => [...before, ...page.items]);
      setNext(page.next);
    });
  const items = data ? [...data.items, ...older] : [];
  return (
    <section aria-labelledby="history">
      <h2 id="history">Pictures so far</h2>
      {!data && !error && <Loading what="pictures" />}
      {error && <Failure message={messageOf(error)} onRetry={reload} />}
      {data && items.length === 0 && <p className="muted">None yet.</p>}
      <ul className="history">
        {items.map((picture) => (
          <Card key={picture.id} picture={picture} />
        ))}
      </ul>
      {failure && <Failure message={failure} />}
      {rest !== null && (
        <p>
          <button type="button" onClick={more} disabled={busy}>
            Show older pictures
          </button>
        </p>
      )}
    </section>
  );
}

function Card({ picture }: { picture: PictureSummary }) {
  const api = useApi();
  const { id, name, status, created_at, negative_space } = picture;
  return (
    <li className="card">
      <Link to={`/pictures/${id}`}>
        <span className="thumbnail">
          {status === "done" && <img src={api.address(id, "thumbnail")} alt="" loading="lazy" />}
        </span>
        <span className="name">{name}</span>
      </Link>
      <p className="muted">
        {negative_space === undefined ? STATUS[status] : `${percent(negative_space)} space`}
        <br />
        <time dateTime={created_at}>{moment(created_at)}</time>
      </p>
    </li>
  );
}
