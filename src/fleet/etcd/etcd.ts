/**
 * A client of etcd, by its JSON gateway. Each request has a limit in time and each answer one in size. Of several endpoints the one that
 * answered last is asked first; when it fails, the others in turn.
 */

import * as z from "zod";
import type { Clock } from "../../system/clock.ts";
import { authenticated, keptAlive, lease, refusal, transaction, watched } from "./answers.ts";
import type { Post } from "./post.ts";

/** For one endpoint's answer. etcd elects another leader in about a second. */
export const LIMIT_MS = 1000;

/** A value of etcd has 1.5 MiB at most, and in base64 2 MiB. */
const MOST_OCTETS = 16 * 2 ** 20;

/** No endpoint has answered, or none could: etcd is not there, or has no quorum. */
export class UnreachableError extends Error {
  override name = "UnreachableError";
}

/** etcd has understood, and will not do it. */
export class RefusedError extends Error {
  override name = "RefusedError";
}

/** Of gRPC (its status codes). */
const [DEADLINE_EXCEEDED, UNAVAILABLE, UNAUTHENTICATED] = [4, 14, 16];

export interface Account {
  readonly user: string;
  /** As it is now: who puts a wrong one right need start nothing anew. */
  password(): string;
}

export type Compare =
  | { readonly key: string; readonly revision: number }
  | { readonly key: string; readonly lease: string };

export type Operation =
  | { readonly put: string; readonly value: string; readonly lease?: string }
  | { readonly delete: string }
  /** `prefix`: all keys that begin so. */
  | { readonly range: string }
  | { readonly prefix: string };

export type Transaction = z.output<typeof transaction>;

export interface Requests {
  answered: number;
  /** One for each endpoint that did not answer, or could not. */
  failed: number;
}

export class Etcd {
  readonly requests: Requests = { answered: 0, failed: 0 };
  readonly #endpoints: readonly string[];
  readonly #account: Account | undefined;
  readonly #post: Post;
  readonly #clock: Clock;
  #current = 0;
  #token: string | undefined;

  constructor(
    endpoints: readonly string[],
    account: Account | undefined,
    post: Post,
    clock: Clock,
  ) {
    this.#endpoints = endpoints;
    this.#account = account;
    this.#post = post;
    this.#clock = clock;
  }

  /** The one that is asked first. */
  get endpoint(): string {
    return this.#endpoints[this.#current]!;
  }

  /** All of one moment: `then` if all compares hold, else `otherwise`. */
  transact(
    compares: readonly Compare[],
    then: readonly Operation[],
    otherwise: readonly Operation[] = [],
  ): Promise<Transaction> {
    return this.#ask("kv/txn", {
      compare: compares.map(compareOf),
      success: then.map(operationOf),
      failure: otherwise.map(operationOf),
    }, transaction);
  }

  /** The id of a new lease, which is over when it was not kept alive for so long. */
  async grant(seconds: number): Promise<string> {
    return (await this.#ask("lease/grant", { TTL: String(seconds) }, lease)).ID;
  }

  /** Is it still there? */
  async keepAlive(id: string): Promise<boolean> {
    return (await this.#ask("lease/keepalive", { ID: id }, keptAlive)).result.TTL > 0;
  }

  /** All keys of the lease are gone. */
  async revoke(id: string): Promise<void> {
    await this.#ask("lease/revoke", { ID: id }, z.unknown());
  }

  /**
   * Calls `heard` when keys with this prefix have changed from this revision on, until it is aborted. Throws when the watch ends:
   * UnreachableError when its endpoint is gone, RefusedError when etcd has ended it, because the revision is compacted for example.
   */
  async watch(prefix: string, revision: number, heard: () => void, signal: AbortSignal): Promise<void> {
    const create_request = { ...rangeOf(prefix), start_revision: String(revision) };
    const { status, octets } = await this.#first("watch", { create_request }, signal);
    if (status !== 200) throw new UnreachableError(`${this.endpoint} has no watch: status ${status}`);
    for await (const line of linesOf(octets)) {
      const { result, error } = read(watched, line, this.endpoint);
      if (result === undefined) throw new UnreachableError(`the watch has ended: ${JSON.stringify(error)}`);
      if (result.compact_revision > 0) throw new RefusedError("the revision is compacted");
      if (result.canceled) {
        this.#token = undefined; // It may be what was not taken.
        throw new RefusedError(result.cancel_reason ?? "etcd has ended the watch");
      }
      if (result.events.length > 0) heard();
    }
    throw new UnreachableError(`${this.endpoint} has ended the watch`);
  }

  async #ask<T>(path: string, body: object, answer: z.ZodType<T>): Promise<T> {
    const asked = this.#token;
    try {
      return await this.#askEach(path, body, answer);
    } catch (error) {
      if (!(error instanceof TokenError) || this.#account === undefined) throw error;
      // Others may have got a new one meanwhile.
      if (this.#token === asked) this.#token = undefined;
      return await this.#askEach(path, body, answer);
    }
  }

  async #askEach<T>(path: string, body: object, answer: z.ZodType<T>): Promise<T> {
    return await this.#inTurn(async (endpoint) => {
      const token = await this.#tokenAt(endpoint);
      return await this.#askAt(endpoint, path, body, answer, token);
    });
  }

  /** The first endpoint that answers; an answer without end has no limit in time behind its beginning. */
  async #first(path: string, body: object, signal: AbortSignal) {
    return await this.#inTurn(async (endpoint) => {
      const token = await this.#tokenAt(endpoint);
      const question = { url: urlOf(endpoint, path), body: JSON.stringify(body), token, signal };
      return await this.#limited(endpoint, () => this.#post(question));
    });
  }

  async #inTurn<T>(ask: (endpoint: string) => Promise<T>): Promise<T> {
    const reasons: string[] = [];
    for (let tried = 0; tried < this.#endpoints.length; tried++) {
      try {
        const answer = await ask(this.endpoint);
        this.requests.answered++;
        return answer;
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        this.requests.failed++;
        reasons.push(error.message);
        this.#current = (this.#current + 1) % this.#endpoints.length;
      }
    }
    throw new UnreachableError(reasons.join("; "));
  }

  async #tokenAt(endpoint: string): Promise<string | undefined> {
    if (this.#account === undefined) return undefined;
    if (this.#token !== undefined) return this.#token;
    const { user: name } = this.#account;
    const password = this.#account.password();
    const { token } = await this.#askAt(
      endpoint,
      "auth/authenticate",
      { name, password },
      authenticated,
      undefined,
    );
    return this.#token = token;
  }

  async #askAt<T>(
    endpoint: string,
    path: string,
    body: object,
    answer: z.ZodType<T>,
    token: string | undefined,
  ): Promise<T> {
    const ending = new AbortController();
    const question = { url: urlOf(endpoint, path), body: JSON.stringify(body), token, signal: ending.signal };
    try {
      const { status, text } = await this.#limited(endpoint, async () => {
        const { status, octets } = await this.#post(question);
        return { status, text: await textOf(octets, endpoint) };
      });
      if (status === 200) return read(answer, text, endpoint);
      throw errorOf(status, text, endpoint);
    } catch (error) {
      ending.abort(); // It may still be on its way.
      throw error;
    }
  }

  /** Throws UnreachableError when it fails, or takes too long. */
  async #limited<T>(endpoint: string, ask: () => Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.#clock.after(
      LIMIT_MS,
      () => reject(new UnreachableError(`${endpoint} has not answered within ${LIMIT_MS} ms`)),
    );
    const asked = ask();
    asked.catch(() => {}); // When it is late already.
    try {
      return await Promise.race([asked, late]);
    } catch (error) {
      if (error instanceof UnreachableError || error instanceof RefusedError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      throw new UnreachableError(`${endpoint} cannot be reached: ${code ?? message}`);
    } finally {
      timer.cancel();
    }
  }
}

/** The token is over, or there is none. */
class TokenError extends RefusedError {}

function urlOf(endpoint: string, path: string): string {
  return `${endpoint.replace(/\/$/, "")}/v3/${path}`;
}

function errorOf(status: number, text: string, endpoint: string): Error {
  let refused: z.output<typeof refusal>;
  try {
    refused = refusal.parse(JSON.parse(text));
  } catch {
    const hint = status === 404
      ? ", so it has no JSON gateway: start etcd with enable-grpc-gateway: true"
      : `: ${text.trim().slice(0, 200)}`;
    return new UnreachableError(`${endpoint} answers with status ${status}${hint}`);
  }
  const { code, message } = refused;
  if (code === UNAVAILABLE || code === DEADLINE_EXCEEDED) {
    return new UnreachableError(`${endpoint} answers: ${message}`);
  }
  const isOfToken = code === UNAUTHENTICATED ||
    /user name is empty|revision of auth store is old/.test(message);
  return new (isOfToken ? TokenError : RefusedError)(`${endpoint} refuses: ${message}`);
}

function read<T>(schema: z.ZodType<T>, text: string, endpoint: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new UnreachableError(
      `${endpoint} does not answer as etcd does: ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
}

async function textOf(octets: AsyncIterable<Uint8Array>, endpoint: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of octets) {
    length += part.length;
    if (length > MOST_OCTETS) {
      throw new UnreachableError(`${endpoint} answers with more than ${MOST_OCTETS} octets`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

async function* linesOf(octets: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of octets) {
      let from = 0;
      for (let end = part.indexOf(10); end >= 0; end = part.indexOf(10, from)) {
        const line = Buffer.concat([...parts, part.subarray(from, end)]).toString().trim();
        [parts, length, from] = [[], 0, end + 1];
        if (line !== "") yield line;
      }
      parts.push(part.subarray(from));
      length += part.length - from;
      if (length > MOST_OCTETS) {
        throw new UnreachableError(`a line of a watch has more than ${MOST_OCTETS} octets`);
      }
    }
  } catch (error) {
    if (error instanceof UnreachableError) throw error;
    throw new UnreachableError(`the watch has ended: ${(error as Error).message}`);
  }
}

function compareOf(compare: Compare): object {
  const key = encoded(compare.key);
  return "lease" in compare
    ? { key, target: "LEASE", lease: compare.lease }
    : { key, target: "MOD", mod_revision: String(compare.revision) };
}

function operationOf(operation: Operation): object {
  if ("put" in operation) {
    const { put, value, lease = "0" } = operation;
    return { request_put: { key: encoded(put), value: encoded(value), lease } };
  }
  if ("delete" in operation) return { request_delete_range: { key: encoded(operation.delete) } };
  return {
    request_range: "prefix" in operation ? rangeOf(operation.prefix) : { key: encoded(operation.range) },
  };
}

/** From the prefix to the same with its last octet one higher; an octet of ours is never 255. */
function rangeOf(prefix: string): object {
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  return { key: encoded(prefix), range_end: end.toString("base64") };
}

function encoded(text: string): string {
  return Buffer.from(text).toString("base64");
}
