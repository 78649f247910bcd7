/**
 * A dispatcher of which nothing is there but the path and its tables: a frame goes in, a verdict comes out, and what would be sent
 * stands in the slot. All backends are live but those that are said to be down.
 *
 * Nobody answers here, so a backend's MAC is made up, until a capture shows the answer to a question for it. Time is the capture's.
 */

import { mapsWithDown } from "../cluster/explain.ts";
import { fillOwners } from "../cluster/fill_owners.ts";
import type { BackendConfig, ClusterConfig, Config } from "../config/config.ts";
import { planOf } from "../config/plan.ts";
import type { CaptureReader } from "../capture/reader.ts";
import { LinkFrames } from "../link/link_frames.ts";
import { ClientLookup } from "../path/client_lookup.ts";
import { Dispatcher } from "../path/dispatcher.ts";
import type { Plan } from "../path/plan.ts";
import { ownMemory } from "../path/transitions.ts";
import * as verdict from "../path/verdict.ts";
import { slotSizeFor } from "../plane/data_plane.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import { ForwardingTable } from "../table/forwarding_table.ts";
import { ipOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";

/** Upper half of the MACs that are made up: 02:fe, and then the neighbor's number. */
const MADE_UP = 0x02fe;

/** Whose a frame is. */
export interface Belonging {
  readonly cluster: ClusterConfig;
  /** Canonical text. */
  readonly client: string;
  readonly bucket: number;
  /** The owner of the bucket; undefined when no backend is live. */
  readonly backend: BackendConfig | undefined;
}

export interface ReplayOptions {
  /** Names of backends. */
  readonly down?: readonly string[];
  /** Frames to another machine's MAC count as addressed to the dispatcher. */
  readonly anyMac?: boolean;
}

export class Replay {
  readonly slot: Uint8Array<ArrayBuffer>;
  /** Frames that were to another machine's MAC, as they came; and frames that the capture has only the first octets of. */
  toOthers = 0;
  cut = 0;
  readonly #config: Config;
  readonly #plan: Plan;
  readonly #addresses: readonly string[];
  readonly #groups: readonly number[];
  readonly #anyMac: boolean;
  readonly #view: DataView;
  readonly #table: ForwardingTable;
  readonly #dispatcher: Dispatcher;
  readonly #lookup: ClientLookup;
  readonly #frames: LinkFrames;
  /** By cluster: the first of its buckets. */
  readonly #firsts: readonly number[];
  #reader: CaptureReader | undefined;
  #nowMs = 0n;
  #length = 0;

  /** Throws UsageError when a name is no backend's. */
  constructor(config: Config, { down = [], anyMac = false }: ReplayOptions = {}) {
    const { plan, neighbors, groups } = planOf(config);
    const { clusters } = config;
    this.#config = config;
    this.#plan = { ...plan, offloads: false };
    this.#addresses = neighbors;
    this.#groups = groups;
    this.#anyMac = anyMac;
    let first = 0;
    this.#firsts = clusters.map(({ buckets }) => (first += buckets) - buckets);
    this.#table = ForwardingTable.ofSize({
      clusters: clusters.length,
      buckets: first,
      neighbors: plan.mtus.length,
    });
    // What a pair shares is taken to be here.
    for (const isV6 of [false, true]) this.#table.setActive(isV6, true);
    for (const neighbor of neighbors.keys()) this.#table.setMac(neighbor, MADE_UP, neighbor);
    const neighborOf = ({ address }: BackendConfig) => neighbors.indexOf(address);
    fillOwners(
      this.#table,
      mapsWithDown(config, down),
      { neighborOf, groups },
      ({ technique }) => technique === "broadcast",
    );
    // A frame of a capture may be a super-frame.
    this.slot = new Uint8Array(slotSizeFor({ mtu: config.dispatcher.mtu, offloads: true }));
    this.#view = new DataView(this.slot.buffer);
    const memory = ownMemory({ buckets: first, connections: clusters.map(() => 1) });
    this.#dispatcher = new Dispatcher(this.#plan, this.slot, this.#table, memory, () => this.#now());
    this.#lookup = new ClientLookup(this.#plan, this.slot);
    this.#frames = new LinkFrames(plan);
  }

  /** Puts the frame in hand into the slot, as it would have come. What `receive` then judges. */
  take(reader: CaptureReader): void {
    const { at, length, lengthOnWire } = reader.frame;
    const { slot } = this;
    const kept = Math.min(length, slot.length);
    this.#reader = reader;
    this.#length = Math.min(Math.max(length, lengthOnWire), slot.length);
    slot.set(reader.bytes.subarray(at, at + kept));
    if (kept < this.#length) {
      slot.fill(0, kept, this.#length);
      this.cut++;
    }
    if (this.#length >= ethernet.HEADER) this.#judgeMac();
  }

  /** Whose the frame is that was taken; undefined when it is for no cluster. */
  belonging(): Belonging | undefined {
    if (!this.#lookup.look(0, this.#length)) return undefined;
    const { cluster, bucket, client, isIpv6 } = this.#lookup;
    const owner = this.#table.owner(bucket);
    const found = this.#config.clusters[cluster]!;
    const address = owner === NO_BACKEND ? undefined : this.#addresses[owner];
    return {
      cluster: found,
      client: ipOf(this.slot.subarray(client, client + (isIpv6 ? 16 : 4))),
      bucket: bucket - this.#firsts[cluster]!,
      backend: found.backends.find((backend) => backend.address === address),
    };
  }

  /** What becomes of the frame that was taken. After a verdict that sends, `sent` is what stands in the slot. */
  receive(): number {
    const became = this.#dispatcher.receive(0, this.#length);
    if (became === verdict.HEARD_NEIGHBOR) this.#learn();
    return became;
  }

  get sent(): Uint8Array<ArrayBuffer> {
    return this.slot.subarray(0, this.#dispatcher.length);
  }

  /** After DISPATCHED and FORWARDED: the next hop. */
  get neighbor(): number {
    return this.#dispatcher.neighbor;
  }

  /** The neighbor whose MAC this is, when it is one that was made up. */
  madeUp(high: number, low: number): number | undefined {
    return high === MADE_UP && low >= 0 && low < this.#addresses.length ? low : undefined;
  }

  /** The names of the backends at a neighbor; its address when it is another next hop. */
  nameOf(neighbor: number): string {
    const group = this.#groups.indexOf(neighbor);
    if (group >= 0) return `all of ${this.#config.clusters[group]!.name}`;
    const address = this.#addresses[neighbor]!;
    const backends = this.#config.clusters.flatMap(({ backends }) => backends);
    const names = new Set(backends.filter((one) => one.address === address).map(({ name }) => name));
    return names.size === 0 ? address : [...names].join("/");
  }

  #judgeMac(): void {
    const { high, low } = this.#plan.mac;
    const frame = this.#view;
    const isOurs = ethernet.dstHigh(frame, 0) === high && ethernet.dstLow(frame, 0) === low;
    if (isOurs || ethernet.isGroup(ethernet.dstHigh(frame, 0))) return;
    this.toOthers++;
    if (this.#anyMac) ethernet.setDst(frame, 0, high, low);
  }

  /** The path's clock must not go back, and captures that were put together do. */
  #now(): number {
    const nowMs = this.#reader!.frame.nanoseconds / 1_000_000n;
    if (nowMs > this.#nowMs) this.#nowMs = nowMs;
    return Number(BigInt.asIntN(32, this.#nowMs));
  }

  #learn(): void {
    const claim = this.#frames.claim(this.slot.slice(0, this.#length));
    if (claim === undefined) return;
    const neighbor = this.#addresses.indexOf(claim.address);
    if (neighbor >= 0) this.#table.setMac(neighbor, claim.mac.high, claim.mac.low);
  }
}
