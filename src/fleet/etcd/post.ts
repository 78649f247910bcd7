/**
 * Posts JSON over HTTP. By node:http and not by fetch(): only so both runtimes take the authority of the configuration, and a certificate
 * of the client's own.
 */

import { once } from "node:events";
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

export interface Answer {
  readonly status: number;
  /** It throws when the connection ends before the answer does. */
  readonly octets: AsyncIterable<Uint8Array>;
}

export interface Question {
  readonly url: string;
  /** JSON. */
  readonly body: string;
  readonly token: string | undefined;
  /** Ends it, and the answer with it. */
  readonly signal: AbortSignal;
}

export type Post = (question: Question) => Promise<Answer>;

/** In PEM. */
export interface Certificates {
  /** Undefined: the machine's authorities. */
  readonly ca: string | undefined;
  /** Of the client. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** So long a connection is kept that nobody needs. */
const IDLE_MS = 30_000;

export class Poster {
  readonly #http = new HttpAgent({ keepAlive: true, timeout: IDLE_MS });
  readonly #https: HttpsAgent;

  constructor({ ca, certificate, key }: Certificates) {
    this.#https = new HttpsAgent({
      keepAlive: true,
      timeout: IDLE_MS,
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
    });
  }

  readonly post: Post = async ({ url, body, token, signal }) => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      ...(token === undefined ? {} : { authorization: token }),
    };
    const options = { method: "POST", headers, signal };
    const sent = url.startsWith("https:")
      ? httpsRequest(url, { ...options, agent: this.#https })
      : httpRequest(url, { ...options, agent: this.#http });
    sent.end(body);
    const [response] = await once(sent, "response") as [IncomingMessage];
    sent.on("error", () => {}); // The answer says it.
    return { status: response.statusCode ?? 0, octets: response };
  };

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
