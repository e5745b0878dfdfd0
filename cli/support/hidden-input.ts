import { EXIT, Failure } from "./failure";

/** A value from standard input, or from a person who is asked for it and does not see it. */
export async function readValue(question: string): Promise<string> {
  return process.stdin.isTTY ? askHidden(question) : readInput();
}

async function readInput(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) {
    parts.push(Buffer.from(part as Uint8Array));
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Reads a line without showing it. */
function askHidden(question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stdin, stderr } = process;
    let value = "";
    const end = (finish: () => void) => {
      stdin.setRawMode(false);
      stdin.pause();
      stdin.off("data", onData);
      stderr.write("\n");
      finish();
    };
    const onData = (data: Buffer) => {
      for (const character of data.toString("utf8")) {
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
