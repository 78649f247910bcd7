/**
 * The probes `http` and `https`: a request on a connection of our own, by the runtime's own http and tls. The answer must have one of the
 * wanted statuses, and, where text is wanted, have it within the first octets of its body.
 */

import type { ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import type { Probe } from "../config/meaning.ts";
import { request } from "../system/http.ts";
import { isIpv6 } from "../wire/address.ts";
import { type Attempt, type Begin, endpoint, type Failure, type Question } from "./attempt.ts";
import { trustedIn } from "./certificates.ts";
import { TcpStream } from "./tcp_stream.ts";

/** Octets of the body that are searched. */
const MOST_BODY = 65_536;
/** Octets of the header: what every server keeps below. */
const MOST_HEADER = 16_384;

const USUAL_PORT = { http: 80, https: 443 } as const;

export const httpProbe: Begin = (question, means, ended) => {
  const { probe, way, port } = question;
  const stream = TcpStream.connect(means, way, port);
  if (stream === undefined) return undefined;
  const url = urlOf(question);
  const exchange = new Exchange(stream, url, probe, (failure) => {
    stream.destroy();
    ended(failure);
  });
  try {
    exchange.begin(probe.type === "https" ? secured(stream, question) : stream, headersOf(question));
  } catch (error) {
    // Such as a file of certificates that is not there.
    stream.destroy(error as Error);
    exchange.fail(error as Error);
  }
  return {
    giveUp() {
      const failure = stream.isOpen ? exchange.lacks : stream.silence;
      exchange.stop();
      stream.destroy();
      return failure;
    },
  } satisfies Attempt;
};

/** One request, and what becomes of it. */
class Exchange {
  /** What there is to say when it takes too long. */
  lacks: Failure;
  readonly #stream: TcpStream;
  readonly #url: string;
  readonly #probe: Probe;
  readonly #ended: (failure: Failure | undefined) => void;
  #request: ClientRequest | undefined;
  #isOver = false;

  constructor(stream: TcpStream, url: string, probe: Probe, ended: (failure: Failure | undefined) => void) {
    this.#stream = stream;
    this.#url = url;
    this.#probe = probe;
    this.#ended = ended;
    this.lacks = { reason: `it accepts a connection for ${url} and does not answer`, fault: null };
  }

  begin(socket: Duplex, headers: Readonly<Record<string, string>>): void {
    const { method, path } = this.#probe;
    socket.on("error", (error) => this.fail(error));
    this.#request = request({
      method,
      path,
      headers,
      maxHeaderSize: MOST_HEADER,
      createConnection: () => socket,
    });
    this.#request.on("error", (error) => this.fail(error));
    this.#request.on("response", (response) => this.#judge(response));
    this.#request.end();
  }

  stop(): void {
    this.#isOver = true;
    this.#request?.destroy();
  }

  #judge(response: IncomingMessage): void {
    const { status, body } = this.#probe;
    const { statusCode = 0 } = response;
    response.on("error", (error) => this.fail(error));
    if (!status.some(({ from, to }) => statusCode >= from && statusCode <= to)) {
      return this.#end({ reason: `it answers ${this.#url} with status ${statusCode}`, fault: null });
    }
    if (body === undefined) return this.#end(undefined);
    this.lacks = {
      reason: `it answers ${this.#url} with a body that does not end, and lacks "${body}" so far`,
      fault: null,
    };
    const wanted = Buffer.from(body);
    let read = Buffer.alloc(0);
    response.on("data", (chunk: Uint8Array) => {
      read = Buffer.concat([read, chunk]);
      if (read.subarray(0, MOST_BODY).includes(wanted)) this.#end(undefined);
      else if (read.length >= MOST_BODY) {
        this.#end(this.#without(`the first ${MOST_BODY} octets of its body`));
      }
    });
    response.on("end", () => this.#end(this.#without("its body")));
  }

  #without(where: string): Failure {
    return { reason: `it answers ${this.#url} without "${this.#probe.body}" in ${where}`, fault: null };
  }

  /** It cannot go on. */
  fail(error: Error): void {
    this.#end(this.#stream.failure ?? { reason: sentenceOf(error, this.#url), fault: null });
  }

  #end(failure: Failure | undefined): void {
    if (this.#isOver) return;
    this.stop();
    this.#ended(failure);
  }
}

function secured(stream: TcpStream, { probe, way }: Question): Duplex {
  const { serverName, host, insecure, ca } = probe;
  const name = serverName ?? host;
  const options: ConnectionOptions = {
    socket: stream,
    host: way.to,
    // An address is no name to send: RFC 6066 section 3.
    servername: name ?? "",
    rejectUnauthorized: !insecure,
    ALPNProtocols: ["http/1.1"],
    ...(ca === undefined ? {} : { ca: trustedIn(ca) }),
  };
  return connectTls(options);
}

function headersOf({ probe, way, port }: Question): Readonly<Record<string, string>> {
  const usual = USUAL_PORT[probe.type === "https" ? "https" : "http"];
  const address = isIpv6(way.to) ? `[${way.to}]` : way.to;
  const authority = port === usual ? address : endpoint(way.to, port);
  return { host: probe.host ?? authority, connection: "close", "user-agent": "oneip" };
}

function urlOf({ probe, way, port }: Question): string {
  return `${probe.type}://${endpoint(way.to, port)}${probe.path}`;
}

/** By the code of an error of http, tls or the stream, which the runtimes have nearly in common. */
function sentenceOf(error: Error, url: string): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code === "HPE_HEADER_OVERFLOW") {
    return `it answers ${url} with more than ${MOST_HEADER} octets of header`;
  }
  if (code.startsWith("HPE_")) return `it answers ${url} with what is no HTTP (${code})`;
  if (code === "CERT_HAS_EXPIRED") return `its certificate for ${url} has expired`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return `its certificate for ${url} has another name`;
  if (/CERT|ISSUER|SIGNED|VERIFY/.test(code)) return `its certificate for ${url} is not trusted (${code})`;
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) return `it does not speak TLS at ${url} (${code})`;
  if (code === "ECONNRESET") return `it ends the connection for ${url} before it has answered`;
  return `it cannot be asked for ${url}: ${message}`;
}
