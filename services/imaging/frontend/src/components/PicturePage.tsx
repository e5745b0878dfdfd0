import { useRef, useState } from "react";
import { ApiError, messageOf } from "#web/http.ts";
import { useAction, useLoaded } from "#web/hooks.ts";
import { useApi } from "../lib/context.ts";
import { go, Link } from "#web/navigation.tsx";
import type { Figures, Picture } from "../lib/types.ts";
import { balance, bytes, moment, percent, pixels, STATUS } from "../lib/words.ts";
import { Failure, Loading, PageTitle } from "#web/parts.tsx";

const back = <Link to="/">All pictures</Link>;

const waiting = (picture: Picture | null) =>
  picture?.status === "queued" || picture?.status === "analyzing";

/** Null when there is no such picture: asking again would not help. */
async function known(asked: Promise<Picture>): Promise<Picture | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return null;
    }
    throw error;
  }
}

export function PicturePage({ id }: { id: string }) {
  const api = useApi();
  const { data, error, reload } = useLoaded(
    id,
    (signal) => known(api.picture(id, signal)),
    (picture) => (picture === undefined || waiting(picture) ? 700 : 0),
  );
  if (data === null) {
    return (
      <>
        <PageTitle title="No such picture" back={back} />
        <p>It may have been deleted.</p>
      </>
    );
  }
  if (!data) {
    return (
      <>
        <PageTitle title="Picture" back={back} />
        {error ? <Failure message={messageOf(error)} onRetry={reload} /> : <Loading what="the picture" />}
      </>
    );
  }
  return (
    <>
      <PageTitle title={data.name} back={back}>
        <Remove picture={data} />
      </PageTitle>
      <p className="facts">
        <span>{bytes(data.size)}</span>
        {data.analysis && (
          <span>
            {pixels(data.analysis.width)} × {pixels(data.analysis.height)} pixels
          </span>
        )}
        <time dateTime={data.created_at}>{moment(data.created_at)}</time>
      </p>
      <div role="status">{!data.analysis && data.status !== "failed" && <p>{STATUS[data.status]} …</p>}</div>
      {data.status === "failed" && (
        <Failure message={`${STATUS.failed}: ${data.problem ?? "no reason was given"}`} />
      )}
      {error && <Failure message={messageOf(error)} />}
      <div className="result">
        <Shown picture={data} />
        {data.analysis && <Found figures={data.analysis} />}
      </div>
    </>
  );
}

/** The picture, and over it what was found. */
function Shown({ picture: { id, name, analysis } }: { picture: Picture }) {
  const api = useApi();
  const [overlay, setOverlay] = useState(true);
  return (
    <section aria-label="Picture">
      <div className="picture">
        <img src={api.address(id, "original")} alt={name} />
        {analysis && overlay && (
          <img
            className="overlay"
            src={api.address(id, "overlay")}
            alt={`Overlay: ${percent(analysis.negative_space)} of the picture is marked as negative space`}
          />
        )}
      </div>
      {analysis && (
        <>
          <label className="switch">
            <input type="checkbox" checked={overlay} onChange={(event) => setOverlay(event.target.checked)} />
            Show the negative space
          </label>
          <ul className="legend" aria-label="Colours of the overlay">
            <li className="space">Negative space</li>
            <li className="outline">Outline of the subject</li>
            <li className="rectangle">Largest empty rectangle</li>
            <li className="circle">Largest empty circle</li>
          </ul>
        </>
      )}
    </section>
  );
}

function Found({ figures }: { figures: Figures }) {
  const { negative_space, largest_rectangle, largest_circle, subject, regions } = figures;
  return (
    <section aria-labelledby="found">
      <h2 id="found">Negative space</h2>
      <p className="share">
        <strong>{percent(negative_space)}</strong> of the picture
      </p>
      <dl>
        <div>
          <dt>Largest empty rectangle</dt>
          <dd>
            {largest_rectangle
              ? `${pixels(largest_rectangle.width)} × ${pixels(largest_rectangle.height)} at ${pixels(largest_rectangle.x)}, ${pixels(largest_rectangle.y)} (${percent(largest_rectangle.area)})`
              : "none"}
          </dd>
        </div>
        <div>
          <dt>Largest empty circle</dt>
          <dd>
            {largest_circle
              ? `radius ${pixels(largest_circle.radius)} around ${pixels(largest_circle.x)}, ${pixels(largest_circle.y)} (${percent(largest_circle.area)})`
              : "none"}
          </dd>
        </div>
        <div>
          <dt>Connected regions</dt>
          <dd>
            {regions.count}, {regions.enclosed} of them enclosed by the subject
          </dd>
        </div>
        <div>
          <dt>Subject</dt>
          <dd>{subject ? balance(subject.offset) : "none found"}</dd>
        </div>
      </dl>
      {regions.count > 1 && (
        <table>
          <caption>Largest regions</caption>
          <thead>
            <tr>
              <th scope="col">Share</th>
              <th scope="col">Extent in pixels</th>
              <th scope="col">Kind</th>
            </tr>
          </thead>
          <tbody>
            {regions.largest.map((region) => (
              <tr key={`${region.x} ${region.y} ${region.width} ${region.area}`}>
                <td>{percent(region.area)}</td>
                <td>
                  {pixels(region.width)} × {pixels(region.height)}
                </td>
                <td>{region.enclosed ? "enclosed" : "open to the edge"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Remove({ picture: { id, name } }: { picture: Picture }) {
  const api = useApi();
  const dialog = useRef<HTMLDialogElement>(null);
  const { busy, failure, act } = useAction();
  const remove = () =>
    act(async () => {
      await api.remove(id);
      go("/");
    });
  return (
    <>
      <button type="button" className="danger" onClick={() => dialog.current?.showModal()}>
        Delete
      </button>
      <dialog ref={dialog} aria-labelledby="remove">
        <h2 id="remove">Delete {name}?</h2>
        <p>The picture and what was found in it are gone then.</p>
        {failure && <Failure message={failure} />}
        <div className="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" className="danger" disabled={busy} onClick={remove}>
            Delete the picture
          </button>
        </div>
      </dialog>
    </>
  );
}
