import { z } from "zod";
import { ANALYSIS_VERSION, figures, type Analysis } from "./model.ts";

/** The analyzer cannot be asked at the moment, which says nothing about the picture. */
export class AnalyzerUnavailable extends Error {}

/** The picture is none that can be analyzed, and never will be. */
export class PictureRefused extends Error {}

export interface Analyzer {
  /**
   * @throws AnalyzerUnavailable, PictureRefused
   * @throws Error when the analyzer took too long or broke over this picture
   */
  analyze(picture: Buffer, signal: AbortSignal): Promise<Analysis>;
}

const answer = z.object({ figures, overlay: z.base64(), thumbnail: z.base64() });

/** Over HTTP. `url` is the analyzer's address without a path. */
export function createAnalyzer(url: string, timeout: number): Analyzer {
  const address = new URL(`/${ANALYSIS_VERSION}/analyze`, url);
  return {
    async analyze(picture, signal) {
      const response = await post(address, picture, AbortSignal.any([signal, AbortSignal.timeout(timeout)]));
      if (response.status === 422 || response.status === 413) {
        throw new PictureRefused(await detailOf(response));
      }
      // 404: a version that this analyzer does not know (yet, or any more).
      if ([404, 429, 502, 503].includes(response.status)) {
        throw new AnalyzerUnavailable(`the analyzer answered ${response.status}: ${await detailOf(response)}`);
      }
      if (!response.ok) {
        throw new Error(`the analyzer answered ${response.status}: ${await detailOf(response)}`);
      }
      const found = answer.parse(await response.json());
      return {
        figures: found.figures,
        overlay: Buffer.from(found.overlay, "base64"),
        thumbnail: Buffer.from(found.thumbnail, "base64"),
      };
    },
  };
}

async function post(address: URL, picture: Buffer, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: new Uint8Array(picture),
      signal,
    });
  } catch (error) {
    const code = error instanceof Error && error.cause && (error.cause as NodeJS.ErrnoException).code;
    if (["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"].includes(String(code))) {
      throw new AnalyzerUnavailable(`the analyzer cannot be reached: ${String(code)}`, { cause: error });
    }
    throw error;
  }
}

async function detailOf(response: Response): Promise<string> {
  const document: unknown = await response.json().catch(() => undefined);
  return typeof document === "object" && document !== null && "detail" in document
    ? String(document.detail)
    : response.statusText;
}
