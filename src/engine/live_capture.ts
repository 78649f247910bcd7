/**
 * A capture that is going on: frames as the dispatcher reads and sends them, each with what became of it and whose it is. Workers put them
 * into their rings (plane/capture_ring.ts); who reads here takes them at leisure, and what does not fit meanwhile is lost and counted.
 *
 * It goes on over a reload. Until the workers have gone over to the other memory it reads from both.
 */

import { findBackend, findCluster } from "../cluster/find_backend.ts";
import type { BackendConfig, ClusterConfig } from "../config/config.ts";
import { NoneSuchError, UsageError } from "../input/errors.ts";
import * as verdict from "../path/verdict.ts";
import type { WantedFrames } from "../plane/capture_filter.ts";
import { Captured, NONE } from "../plane/capture_ring.ts";
import { type Cidr, ipOf, parsePrefix } from "../wire/address.ts";
import * as virtio from "../wire/virtio.ts";
import type { EngineParts } from "./parts.ts";

/** Which frames; without any of these all. */
export interface CaptureRequest {
  readonly cluster?: string | undefined;
  /** Of the clients of this backend, `NAME` or `CLUSTER/NAME`. */
  readonly backend?: string | undefined;
  /** An address, or a prefix. */
  readonly client?: string | undefined;
  /** Names. */
  readonly verdicts?: readonly string[] | undefined;
  /** As it was read, as it was sent, or both. */
  readonly direction?: "in" | "out" | "both" | undefined;
  /** Octets of each frame. */
  readonly snaplen?: number | undefined;
}

/** A captured frame, and what became of it. */
export interface LiveFrame {
  /** Since 1970. */
  readonly nanoseconds: bigint;
  readonly direction: "in" | "out";
  /** By name. */
  readonly verdict: string;
  /** The next four are null when the frame is for no cluster. */
  readonly cluster: string | null;
  readonly client: string | null;
  readonly bucket: number | null;
  /** Where it went, else the owner of the bucket; null also when there is none. */
  readonly backend: string | null;
  /** Octets that it had, and the first of them. */
  readonly length: number;
  readonly octets: Uint8Array<ArrayBuffer>;
}

type Parts = Pick<EngineParts, "shared" | "config" | "plan" | "forwarding" | "attachment" | "clock">;

/** No frame is longer. */
export const WHOLE_FRAMES = 262_144;

/** Frames of a running dispatcher, as they were asked for. */
export class LiveCapture {
  /** Resolves when the dispatcher has ended it. */
  readonly ended: Promise<void>;
  readonly #request: CaptureRequest;
  readonly #end: () => void;
  /** The last one is that of the workers by now, or soon. */
  #sources: Source[] = [];
  #lostBefore = 0;
  #isOver = false;
  #whyEnded: string | undefined;

  /** Begins it. Throws UsageError when there is nothing of a name in the request. */
  constructor(parts: Parts, request: CaptureRequest) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
    this.#request = request;
    this.#sources = [new Source(parts, request)];
  }

  /** Nobody captures any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** In a sentence; undefined while it goes on, and when its reader has ended it. */
  get whyEnded(): string | undefined {
    return this.#whyEnded;
  }

  /** Of this dispatcher. */
  get interfaceName(): string {
    return this.#sources.at(-1)!.interfaceName;
  }

  /** Frames that found no room so far. */
  get lost(): number {
    return this.#sources.reduce((sum, { lost }) => sum + lost, this.#lostBefore);
  }

  /** The oldest frames that wait, so many at most, and no more when they have so many octets; none when none waits. */
  read(most: number, mostOctets: number): LiveFrame[] {
    const frames: LiveFrame[] = [];
    let octets = 0;
    for (const source of [...this.#sources]) {
      while (frames.length < most && octets < mostOctets) {
        const frame = source.next();
        if (frame === undefined) break;
        frames.push(frame);
        octets += frame.octets.length;
      }
      if (frames.length === 0 && source.isLeft) this.#forget(source);
    }
    return frames;
  }

  /** The reader has enough. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const source of this.#sources) source.stop();
  }

  /** The dispatcher ends it. What waits can still be read. */
  end(why: string): void {
    if (this.#isOver) return;
    this.#whyEnded = why;
    this.stop();
    this.#end();
  }

  /** From now on also by other parts, before their workers begin. It ends when they do not know what it asks for. */
  goOn(parts: Parts): void {
    if (this.#isOver) return;
    try {
      this.#sources.push(new Source(parts, this.#request));
    } catch (error) {
      this.end(`The configuration has changed. ${(error as Error).message}`);
    }
  }

  /** No worker goes by the parts before. */
  wentOver(): void {
    for (const source of this.#sources.slice(0, -1)) source.isLeft = true;
  }

  #forget(source: Source): void {
    this.#lostBefore += source.lost;
    this.#sources = this.#sources.filter((other) => other !== source);
  }
}

/** The memory of one configuration, and the names in it. */
class Source {
  /** Nothing will come any more. */
  isLeft = false;
  readonly interfaceName: string;
  readonly #parts: Parts;
  readonly #number: number;
  readonly #captured = new Captured();
  /** Octets before each frame. */
  readonly #begin: number;
  readonly #firsts: readonly number[];
  /** By cluster and neighbor. */
  readonly #backends: readonly ReadonlyMap<number, string>[];
  /** Microseconds from the workers' clock to 1970. */
  readonly #offset: number;
  readonly #lostBefore: number;

  constructor(parts: Parts, request: CaptureRequest) {
    const { shared, config: { clusters }, plan, forwarding, attachment, clock } = parts;
    const wanted = wantedBy(request, clusters, ({ address }) => forwarding.neighborOf(address));
    let first = 0;
    this.interfaceName = attachment.name;
    this.#parts = parts;
    this.#begin = plan.offloads ? virtio.HEADER : 0;
    this.#firsts = clusters.map(({ buckets }) => (first += buckets) - buckets);
    this.#backends = clusters.map(({ backends }) =>
      new Map(backends.map(({ name, address }) => [forwarding.neighborOf(address), name]))
    );
    this.#offset = Math.round((clock.sinceEpoch() - attachment.now()) * 1000);
    this.#number = shared.captureFilter.start(wanted);
    attachment.showAll(true);
    this.#lostBefore = this.#lostByWorkers();
  }

  get lost(): number {
    return (this.#lostByWorkers() - this.#lostBefore) >>> 0;
  }

  stop(): void {
    this.#parts.shared.captureFilter.stop();
    this.#parts.attachment.showAll(false);
  }

  next(): LiveFrame | undefined {
    const captured = this.#captured;
    // From when another one has begun the rings are its reader's.
    if (this.#parts.shared.captureFilter.latest !== this.#number) return undefined;
    for (const { captured: ring } of this.#parts.shared.workers) {
      for (let octets = ring.shift(captured); octets !== undefined; octets = ring.shift(captured)) {
        // What was captured for another reader is nobody's any more.
        if (captured.number === this.#number) return this.#frame(octets.subarray(this.#begin));
      }
    }
    return undefined;
  }

  #frame(octets: Uint8Array<ArrayBuffer>): LiveFrame {
    const { time, isSent, length } = this.#captured;
    const now = Math.round(this.#parts.attachment.now() * 1000);
    const microseconds = now - (((now | 0) - time) | 0) + this.#offset;
    return {
      nanoseconds: BigInt(microseconds) * 1000n,
      direction: isSent ? "out" : "in",
      verdict: verdict.NAMES[this.#captured.verdict]!,
      ...this.#place(),
      length: length - this.#begin,
      octets,
    };
  }

  #place(): Pick<LiveFrame, "cluster" | "client" | "bucket" | "backend"> {
    const { cluster, bucket, backend } = this.#captured;
    if (cluster === NONE) return { cluster: null, client: null, bucket: null, backend: null };
    return {
      cluster: this.#parts.config.clusters[cluster]!.name,
      client: this.#client(),
      bucket: bucket - this.#firsts[cluster]!,
      backend: this.#backends[cluster]!.get(backend) ?? null,
    };
  }

  #client(): string {
    const { client, isIpv6 } = this.#captured;
    const view = new DataView(new ArrayBuffer(isIpv6 ? 16 : 4));
    for (let at = 0; at < view.byteLength; at += 4) view.setInt32(at, client[at / 4]!);
    return ipOf(new Uint8Array(view.buffer));
  }

  #lostByWorkers(): number {
    return this.#parts.shared.workers.reduce((sum, { captured }) => (sum + captured.lost) | 0, 0);
  }
}

function wantedBy(
  request: CaptureRequest,
  clusters: readonly ClusterConfig[],
  neighborOf: (backend: BackendConfig) => number,
): WantedFrames {
  const { cluster, backend } = placeOf(request, clusters);
  return {
    cluster: cluster === undefined ? undefined : clusters.indexOf(cluster),
    backend: backend === undefined ? undefined : neighborOf(backend),
    client: request.client === undefined ? undefined : prefixOf(request.client),
    verdicts: request.verdicts?.map(verdictOf),
    direction: request.direction ?? "both",
    snaplen: request.snaplen ?? WHOLE_FRAMES,
  };
}

function verdictOf(name: string): number {
  const found = (verdict.NAMES as readonly string[]).indexOf(name);
  if (found >= 0) return found;
  throw new NoneSuchError(`There is no verdict "${name}"; use ${verdict.NAMES.join(", ")}`);
}

function placeOf(
  { cluster: name, backend: text }: CaptureRequest,
  clusters: readonly ClusterConfig[],
): { readonly cluster?: ClusterConfig; readonly backend?: BackendConfig } {
  const cluster = name === undefined ? undefined : findCluster(clusters, name);
  if (text === undefined) return cluster === undefined ? {} : { cluster };
  const found = findBackend(
    clusters,
    cluster === undefined || text.includes("/") ? text : `${cluster.name}/${text}`,
  );
  if (cluster !== undefined && found.cluster !== cluster) {
    throw new NoneSuchError(`Backend "${text}" is not in cluster "${cluster.name}"`);
  }
  return found;
}

function prefixOf(text: string): Cidr {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return prefix;
  throw new UsageError(
    `"${text}" is neither an address nor a prefix; give one such as 198.51.100.7 or 2001:db8:7::/48`,
  );
}
