import { createColors } from "picocolors";
import { ProblemsError } from "../../base/problems";
import { withDiskRemedy } from "../../tools/free-space";
import { ClusterError } from "../../operations/kubernetes/connection";
import { userErrorIn } from "../../tools/user-errors";
import { dataDir } from "../../tools/paths";
import { redact } from "../../tools/redaction";
import { EXIT, Failure, type ExitCode } from "./failure";
import { wantsColors } from "./terminal";

/**
 * Prints the error that ended a command, and returns the exit code. Shows no stack trace for user errors. For bugs,
 * explains how to get the stack trace with `--debug`.
 */
export function reportError(
  error: unknown,
  isDebug: boolean,
  write: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): ExitCode {
  const { red, dim } = createColors(wantsColors(process.stderr));
  const show = (text: string) => {
    write(`${red("error:")} ${redact(withDiskRemedy(text))}`);
  };
  const trace = () => {
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      write(dim(redact(cause.stack ?? cause.message)));
    }
  };
  if (isDebug) {
    trace();
  }
  if (error instanceof Failure) {
    show(error.message);
    return error.exitCode;
  }
  if (error instanceof ClusterError) {
    show(error.message);
    return EXIT.failed;
  }
  if (error instanceof ProblemsError) {
    show(error.message);
    return EXIT.usage;
  }
  if (isDiskFull(error)) {
    show(
      `expected free disk space, got none (${error.message}); the files of the stack are what they were; ` +
        `fix: free space in ${dataDir()}, in the checkout and in the folder for temporary files, then run it again`,
    );
    return EXIT.failed;
  }
  if (error instanceof Error && (error.name === "MissingTool" || isSystemError(error))) {
    show(error.message);
    return EXIT.usage;
  }
  if (
    error instanceof Error &&
    (error.name === "EngineError" || error.name === "RunError" || error.name === "ResourceError")
  ) {
    show(error.message);
    return EXIT.failed;
  }
  const mistake = userErrorIn(error);
  if (mistake !== undefined) {
    show(mistake);
    return EXIT.usage;
  }
  show(error instanceof Error ? error.message : String(error));
  if (!isDebug) {
    write(dim("this was not expected; the same command with --debug shows where it comes from"));
  }
  return EXIT.failed;
}

function isDiskFull(error: unknown): error is Error {
  return (
    error instanceof Error &&
    "code" in error &&
    (error.code === "ENOSPC" || error.code === "EDQUOT" || error.code === "EFBIG")
  );
}

/**
 * Whether the error comes from the operating system, such as a full disk or a missing permission. Its message
 * suffices.
 */
function isSystemError(error: Error): boolean {
  return "syscall" in error && "code" in error;
}

/** JSON form of an error, for `--json`. */
export function errorDocument(error: unknown): object {
  const message = userErrorIn(error) ?? (error instanceof Error ? error.message : String(error));
  return {
    status: "failed",
    error: redact(message),
    ...(error instanceof ProblemsError && { source: error.title, problems: error.problems }),
  };
}
