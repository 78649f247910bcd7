/** An etcd in memory and in virtual time, as its JSON gateway answers. Each client has a way to it, which may be slow, cut, or refused. */

import type { Answer, Post, Question } from "../fleet/etcd/post.ts";
import type { Clock, Timer } from "../system/clock.ts";

interface Stored {
  readonly value: string;
  readonly mod: number;
  readonly lease: string;
}

interface Watching {
  readonly from: string;
  readonly to: string;
  send(line: object): void;
}

/** What is asked, as JSON, of all kinds that there are here. */
interface Asked {
  readonly password: string;
  readonly ID: string;
  readonly TTL: string;
  readonly create_request: AskedRange & { readonly start_revision: string };
  readonly compare: readonly AskedCompare[];
  readonly success: readonly AskedOperation[];
  readonly failure: readonly AskedOperation[];
}

interface AskedRange {
  readonly key: string;
  readonly range_end: string;
}

interface AskedCompare {
  readonly key: string;
  readonly target: string;
  readonly mod_revision: string;
  readonly lease: string;
}

interface AskedPut {
  readonly key: string;
  readonly value?: string;
  readonly lease?: string;
}

/** One of them. */
interface AskedOperation {
  readonly request_put?: AskedPut;
  readonly request_range?: { readonly key: string; readonly range_end?: string };
  readonly request_delete_range?: { readonly key: string };
}

/** A client's way. */
export interface Way {
  /** Nothing comes back. */
  isCut?: boolean;
  isRefused?: boolean;
  /** Each way. */
  slowMs?: number;
  /** Watches say nothing. */
  isMute?: boolean;
}

export class MemoryEtcd {
  revision = 1;
  compacted = 0;
  /** It has no quorum. */
  isHeadless = false;
  password: string | undefined;
  /** Questions so far, by path. */
  readonly asked: Record<string, number> = {};
  readonly #clock: Clock;
  #keys = new Map<string, Stored>();
  readonly #leases = new Map<string, { readonly ms: number; timer: Timer }>();
  readonly #watching = new Set<Watching>();
  #leaseNumber = 7_000_000_000_000_000_000n;
  #tokens = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is at a key. */
  value(key: string): string | undefined {
    const stored = this.#keys.get(coded(key));
    return stored === undefined ? undefined : Buffer.from(stored.value, "base64").toString();
  }

  /** As somebody else would. */
  put(key: string, value: string): void {
    this.#put({ key: coded(key), value: coded(value) }, ++this.revision);
  }

  delete(key: string): void {
    this.#delete(coded(key), ++this.revision);
  }

  /** What it knows now; `restore` goes back to that. */
  snapshot(): { readonly revision: number; readonly keys: ReadonlyMap<string, Stored> } {
    return { revision: this.revision, keys: new Map(this.#keys) };
  }

  restore({ revision, keys }: ReturnType<MemoryEtcd["snapshot"]>): void {
    this.revision = revision;
    this.#keys = new Map([...keys].filter(([, { lease }]) => lease === "0"));
    this.#leases.clear();
    this.endWatches();
  }

  endWatches(): void {
    for (const one of this.#watching) one.send({ error: { message: "gone" } });
    this.#watching.clear();
  }

  /** Tokens that were given are taken no more. */
  forgetTokens(): void {
    this.#tokens.clear();
  }

  by(way: Way): Post {
    return async (question) => {
      await this.#onTheWay(way, question.signal);
      if (way.isRefused) throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
      const answer = this.#answer(question, way);
      await this.#onTheWay(way, question.signal);
      return answer;
    };
  }

  #onTheWay({ isCut = false, slowMs = 1 }: Way, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!isCut) this.#clock.after(slowMs, resolve);
      signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    });
  }

  #answer({ url, body, token, signal }: Question, way: Way): Answer {
    const path = url.slice(url.indexOf("/v3/") + 4);
    const asked = JSON.parse(body) as Asked;
    this.asked[path] = (this.asked[path] ?? 0) + 1;
    if (this.isHeadless && path !== "watch") return refused(503, 14, "etcdserver: no leader");
    if (path === "auth/authenticate") {
      if (asked.password !== this.password) {
        return refused(400, 3, "etcdserver: authentication failed, invalid user ID or password");
      }
      const token = `token${this.#tokens.size + 1}.${this.revision}`;
      this.#tokens.add(token);
      return said({ header: this.#header, token });
    }
    if (this.password !== undefined && !this.#tokens.has(token ?? "")) {
      return refused(401, 16, "etcdserver: invalid auth token");
    }
    switch (path) {
      case "kv/txn":
        return said(this.#transact(asked));
      case "lease/grant":
        return said({ header: this.#header, ID: this.#grant(Number(asked.TTL) * 1000), TTL: asked.TTL });
      case "lease/keepalive": {
        const isThere = this.#keepAlive(asked.ID);
        return said({ result: { header: this.#header, ID: asked.ID, ...(isThere ? { TTL: "5" } : {}) } });
      }
      case "lease/revoke":
        if (!this.#leases.has(asked.ID)) return refused(404, 5, "etcdserver: requested lease not found");
        this.#end(asked.ID);
        return said({ header: this.#header });
      case "watch":
        return this.#watch(asked.create_request, signal, way);
      default:
        throw new Error(`no ${path} here`);
    }
  }

  get #header() {
    return { revision: String(this.revision) };
  }

  #transact({ compare, success, failure }: Asked): object {
    const holds = compare.every(({ key, target, mod_revision, lease }) => {
      const stored = this.#keys.get(key);
      return target === "LEASE"
        ? (stored?.lease ?? "0") === lease
        : (stored?.mod ?? 0) === Number(mod_revision);
    });
    const operations = holds ? success : failure;
    const writes = operations.some(({ request_range }) => request_range === undefined);
    const revision = writes ? ++this.revision : this.revision;
    const responses = operations.map(({ request_put, request_range, request_delete_range }) => {
      if (request_put !== undefined) {
        this.#put(request_put, revision);
        return { response_put: {} };
      }
      if (request_delete_range !== undefined) {
        this.#delete(request_delete_range.key, revision);
        return { response_delete_range: {} };
      }
      const kvs = this.#range(request_range!.key, request_range!.range_end);
      return { response_range: kvs.length === 0 ? {} : { kvs, count: String(kvs.length) } };
    });
    return { header: this.#header, ...(holds ? { succeeded: true } : {}), responses };
  }

  #range(key: string, end: string | undefined): object[] {
    return [...this.#keys].filter(([one]) => end === undefined ? one === key : isWithin(one, key, end))
      .sort(([a], [b]) => text(a) < text(b) ? -1 : 1)
      .map(([key, { value, mod, lease }]) => ({
        key,
        mod_revision: String(mod),
        ...(value === "" ? {} : { value }),
        ...(lease === "0" ? {} : { lease }),
      }));
  }

  #put({ key, value = "", lease = "0" }: AskedPut, revision: number): void {
    this.#keys.set(key, { value, mod: revision, lease });
    this.#tell(key, { kv: { key, value } });
  }

  #delete(key: string, revision: number): void {
    if (this.#keys.delete(key)) {
      this.#tell(key, { type: "DELETE", kv: { key, mod_revision: String(revision) } });
    }
  }

  #tell(key: string, event: object): void {
    for (const one of this.#watching) {
      if (isWithin(key, one.from, one.to)) one.send({ result: { header: this.#header, events: [event] } });
    }
  }

  #grant(ms: number): string {
    const id = String(this.#leaseNumber++);
    this.#leases.set(id, { ms, timer: this.#clock.after(ms, () => this.#end(id)) });
    return id;
  }

  #keepAlive(id: string): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    lease.timer.cancel();
    lease.timer = this.#clock.after(lease.ms, () => this.#end(id));
    return true;
  }

  #end(id: string): void {
    this.#leases.get(id)?.timer.cancel();
    if (!this.#leases.delete(id)) return;
    this.revision++;
    for (const [key, { lease }] of this.#keys) if (lease === id) this.#delete(key, this.revision);
  }

  #watch({ key, range_end, start_revision }: Asked["create_request"], signal: AbortSignal, way: Way): Answer {
    if (Number(start_revision) <= this.compacted) {
      return lines([{ result: { created: true } }, {
        result: { canceled: true, compact_revision: String(this.compacted) },
      }]);
    }
    const waiting: Uint8Array[] = [];
    let wake = Promise.withResolvers<void>();
    const say = (line: object) => {
      waiting.push(Buffer.from(`${JSON.stringify(line)}\n`));
      wake.resolve();
    };
    const one: Watching = {
      from: key,
      to: range_end,
      send: (line) => {
        if (!way.isMute && !way.isCut) this.#clock.after(way.slowMs ?? 1, () => say(line));
      },
    };
    this.#watching.add(one);
    say({ result: { header: this.#header, created: true } });
    // What has changed since, as one event.
    if (
      [...this.#keys].some(([at, { mod }]) => isWithin(at, key, range_end) && mod >= Number(start_revision))
    ) {
      one.send({ result: { header: this.#header, events: [{}] } });
    }
    signal.addEventListener("abort", () => {
      this.#watching.delete(one);
      wake.reject(new Error("aborted"));
    }, { once: true });
    const octets = async function* () {
      for (;;) {
        await wake.promise;
        yield* waiting.splice(0);
        wake = Promise.withResolvers();
        wake.promise.catch(() => {});
      }
    };
    return { status: 200, octets: octets() };
  }
}

function isWithin(key: string, from: string, to: string): boolean {
  return text(key) >= text(from) && text(key) < text(to);
}

function coded(text: string): string {
  return Buffer.from(text).toString("base64");
}

function text(coded: string): string {
  return Buffer.from(coded, "base64").toString("latin1");
}

function said(answer: object): Answer {
  return lines([answer]);
}

function refused(status: number, code: number, message: string): Answer {
  return { ...lines([{ error: message, message, code }]), status };
}

function lines(all: readonly object[]): Answer {
  const octets = async function* () {
    yield Buffer.from(all.map((line) => `${JSON.stringify(line)}\n`).join(""));
  };
  return { status: 200, octets: octets() };
}
