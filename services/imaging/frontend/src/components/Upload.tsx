import { useRef, useState, type DragEvent } from "react";
import { messageOf } from "#web/http.ts";
import { useApi } from "../lib/context.ts";
import { go } from "#web/navigation.tsx";
import { refusal, TYPES } from "../lib/words.ts";
import { Failure } from "#web/parts.tsx";

/** A place to drop a picture, and a button for those who do not drag. */
export function Upload() {
  const api = useApi();
  const [progress, setProgress] = useState<{ name: string; share: number }>();
  const [failure, setFailure] = useState<string>();
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const abort = useRef<AbortController>(undefined);

  const send = async (file: File | undefined) => {
    if (!file || progress) {
      return;
    }
    const refused = refusal(file);
    setFailure(refused);
    if (refused !== undefined) {
      return;
    }
    abort.current = new AbortController();
    setProgress({ name: file.name, share: 0 });
    try {
      const onProgress = (share: number) => setProgress({ name: file.name, share });
      const { id } = await api.upload(file, onProgress, abort.current.signal);
      go(`/pictures/${id}`);
    } catch (error) {
      setFailure(messageOf(error));
      setProgress(undefined);
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void send(event.dataTransfer.files[0]);
  };

  return (
    <section aria-label="Upload">
      <div
        className={over ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        {progress ? (
          <div className="progress" role="status">
            <label htmlFor="progress">
              {progress.share < 1 ? `Uploading ${progress.name}` : `Keeping ${progress.name}`}
            </label>
            <progress id="progress" value={progress.share} />
            <button type="button" onClick={() => abort.current?.abort()}>
              Stop
            </button>
          </div>
        ) : (
          <>
            <p>Drop a picture here, or</p>
            <button type="button" className="primary" onClick={() => input.current?.click()}>
              Choose a picture
            </button>
            <p className="muted">PNG, JPEG or WebP, up to 20 MB</p>
          </>
        )}
        <input
          ref={input}
          type="file"
          hidden
          aria-label="Picture"
          accept={TYPES.join(",")}
          onChange={(event) => {
            void send(event.target.files?.[0]);
            // The same file may be chosen again.
            event.target.value = "";
          }}
        />
      </div>
      {failure && <Failure message={failure} />}
    </section>
  );
}
