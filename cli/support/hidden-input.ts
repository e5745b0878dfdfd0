import { EXIT, Failure, usage } from "./failure";

/** Reads a value from standard input, or prompts for it without echo. */
export async function readValue(question: string): Promise<string> {
  return process.stdin.isTTY ? askHidden(question) : readInput();
}

async function readInput(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) {
    parts.push(Buffer.from(part as Uint8Array));
  }
  return textOf(Buffer.concat(parts));
}

/**
 * Decodes the bytes of a value. Config stores text; other bytes would become replacement characters.
 * @throws Failure with the position of the first invalid byte and without the bytes
 */
export function textOf(bytes: Uint8Array): string {
  // A byte order mark is part of the value.
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const same = Buffer.from(text);
  if (same.equals(bytes)) {
    return text;
  }
  const at = bytes.findIndex((byte, index) => byte !== same[index]);
  throw usage(
    `standard input: expected UTF-8 text, got another byte at offset ${at}; nothing was changed; ` +
      "fix: convert the value to UTF-8, or encode it with base64 and decode it in the service",
  );
}

/** Reads a line without echo. */
function askHidden(question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stdin, stderr } = process;
    // A multi-byte character may be split between two chunks.
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    let value = "";
    const end = (finish: () => void) => {
      stdin.setRawMode(false);
      stdin.pause();
      stdin.off("data", onData);
      stderr.write("\n");
      finish();
    };
    const onData = (data: Buffer) => {
      let typed: string;
      try {
        typed = decoder.decode(data, { stream: true });
      } catch {
        end(() => {
          reject(usage("expected UTF-8 text, got other bytes; nothing was changed"));
        });
        return;
      }
      for (const character of typed) {
        if (character === "\r" || character === "\n") {
          end(() => {
            resolve(value);
          });
          return;
        }
        if (character === "\u0003" || character === "\u0004") {
          end(() => {
            reject(new Failure("nothing was changed", EXIT.interrupted));
          });
          return;
        }
        value = character === "\u007f" || character === "\b" ? value.slice(0, -1) : value + character;
      }
    };
    stderr.write(question);
    stdin.setRawMode(true);
    stdin.resume();
    stdin.on("data", onData);
  });
}
