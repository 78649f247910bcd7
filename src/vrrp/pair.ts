/**
 * This dispatcher's part of a pair: a virtual router for each family in which addresses are shared, and what it says and hears. Without a
 * pair, whatever could be shared is this one's alone.
 */

import type { Config } from "../config/config.ts";
import { sharedAddresses } from "../config/vrrp.ts";
import type { Frame } from "../link/own_frames.ts";
import type { Clock } from "../system/clock.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import { formatMac, isIpv6, type Mac } from "../wire/address.ts";
import * as vrrp from "../wire/vrrp.ts";
import { AdvertisementFrames } from "./advertisement_frames.ts";
import {
  type Advertisement,
  type RouterRecord,
  type RouterSettings,
  type RouterState,
  VirtualRouter,
} from "./virtual_router.ts";

export type Family = "IPv4" | "IPv6";

export interface PairEvents {
  /** Sends an advertisement. */
  advertise(frame: Frame): void;
  /** From now on somebody else sends this each interval while this one is late, as long as there was no silence of that length. */
  entrust(
    family: Family,
    frame: Frame,
    times: { readonly intervalMs: number; readonly silenceMs: number },
  ): void;
  /** Sends the last one: nobody shall say anything more. */
  leave(family: Family, frame: Frame): void;
  /** By the clock: when somebody has advertised in its place. */
  standInMs(family: Family): number;
  /** Called before time decides anything, so that what waits to be read is not too late. */
  catchUp(): void;
  /** It has another state in a family, or has what is shared from now on, or has it no more. */
  changed(family: Family, was: RouterState): void;
  /** Another one says that it is active while this one is. */
  split(family: Family, other: Advertisement): void;
  /** Is it ready to take over from one that serves? */
  mayPreempt(): boolean;
}

export interface FamilyStatus {
  readonly family: Family;
  readonly state: RouterState;
  readonly why: string;
  /** ISO 8601, in UTC. */
  readonly since: string;
  /** Frames to the virtual MAC are this one's. */
  readonly forwards: boolean;
  readonly mac: string;
  readonly addresses: readonly string[];
  readonly priority: number;
  /** The other one that was heard last; null: none. */
  readonly other: { readonly address: string; readonly priority: number } | null;
  readonly sent: number;
  readonly heard: number;
  readonly takeovers: number;
  readonly splits: number;
}

export interface PairStatus {
  readonly id: number;
  readonly families: readonly FamilyStatus[];
}

interface Member {
  readonly family: Family;
  readonly mac: Mac;
  readonly addresses: readonly string[];
  readonly settings: RouterSettings;
  readonly frames: AdvertisementFrames;
  readonly router: VirtualRouter;
  entrust(): void;
}

/** What it knows, for whoever goes on in its place. */
export interface PairRecord {
  readonly id: number;
  readonly routers: readonly {
    readonly family: Family;
    readonly address: string;
    readonly router: RouterRecord;
  }[];
}

export class Pair {
  readonly #id: number;
  readonly #clock: Clock;
  readonly #members: readonly Member[];

  constructor({ dispatcher }: Pick<Config, "dispatcher">, clock: Clock, events: PairEvents) {
    this.#id = dispatcher.vrrp?.id ?? 0;
    this.#clock = clock;
    this.#members = (["IPv4", "IPv6"] as const).flatMap((family) =>
      memberOf(dispatcher, family, clock, events)
    );
  }

  /** Has this one what is shared in the family of this address? */
  holds(address: string): boolean {
    const family = familyOf(isIpv6(address));
    return this.#members.find((member) => member.family === family)?.router.forwards ?? true;
  }

  /** Has this one what is shared in any family? */
  get holdsAny(): boolean {
    return this.#members.some(({ router }) => router.forwards);
  }

  /** An advertisement that the path has found right. */
  hear(frame: Frame): void {
    for (const { frames, router } of this.#members) {
      if (frames.isMine(frame)) router.heard(frames.read(frame));
    }
  }

  fill(table: ForwardingTable): void {
    for (const { family, router } of this.#members) table.setActive(family === "IPv6", router.forwards);
  }

  /** Has the advertisements go on that another one has sent until now. */
  entrust(): void {
    for (const { router, entrust } of this.#members) if (router.isHeard) entrust();
  }

  /** Begins, or goes on from where another one stood. */
  goOn(): void {
    for (const { router } of this.#members) router.goOn();
  }

  /** A stop that is meant: resolves when this one may end. Has another one what was shared? */
  async stop(): Promise<boolean> {
    const taken = await Promise.all(this.#members.map(({ router }) => router.stop()));
    return taken.includes(true);
  }

  /** Nothing happens by itself any more. */
  rest(): void {
    for (const { router } of this.#members) router.rest();
  }

  /** Null without a pair. */
  record(): PairRecord | null {
    if (this.#members.length === 0) return null;
    return {
      id: this.#id,
      routers: this.#members.map(({ family, settings: { address }, router }) => (
        { family, address, router: router.record() }
      )),
    };
  }

  /** Nothing is known of the one in whose place it stands. */
  assume(): void {
    for (const { router } of this.#members) router.assume();
  }

  /** Null, or another virtual router: what is shared now was that one's alone, or nothing is known of it. */
  adopt(record: PairRecord | null): void {
    if (record?.id !== this.#id) return this.assume();
    for (const { family, settings, router } of this.#members) {
      const known = record.routers.find((one) => one.family === family && one.address === settings.address);
      if (known === undefined) router.assume();
      else router.adopt(known.router);
    }
  }

  /** Null without a pair. */
  status(): PairStatus | null {
    if (this.#members.length === 0) return null;
    return { id: this.#id, families: this.#members.map((member) => this.#statusOf(member)) };
  }

  #statusOf({ family, mac, addresses, settings: { priority }, router }: Member): FamilyStatus {
    const { state, why, sinceMs, forwards, other, counts } = router;
    const began = this.#clock.sinceEpoch() - this.#clock.now();
    return {
      family,
      state,
      why,
      since: new Date(began + sinceMs).toISOString(),
      forwards,
      mac: formatMac(mac.high, mac.low),
      addresses,
      priority,
      other: other === undefined ? null : { address: other.from, priority: other.priority },
      ...counts,
    };
  }
}

function familyOf(isV6: boolean): Family {
  return isV6 ? "IPv6" : "IPv4";
}

/** None where nothing is shared in this family. */
function memberOf(
  dispatcher: Config["dispatcher"],
  family: Family,
  clock: Clock,
  events: PairEvents,
): Member[] {
  const isV6 = family === "IPv6";
  if (dispatcher.vrrp === undefined) return [];
  const { id, priority, intervalMs, preempt, checksum } = dispatcher.vrrp;
  const addresses = sharedAddresses(dispatcher.vrrp).filter((address) => isIpv6(address) === isV6);
  if (addresses.length === 0) return [];
  const frames = new AdvertisementFrames(dispatcher, { id, intervalMs, checksum, addresses }, isV6);
  const settings = { priority, intervalMs, preempt, address: frames.address };
  // The same again and again.
  const usual = frames.write(priority);
  const entrust = () => events.entrust(family, usual, { intervalMs, silenceMs: router.activeDownMs });
  const router: VirtualRouter = new VirtualRouter(settings, clock, {
    advertise: (priority) => {
      if (priority === vrrp.STOPS) return events.leave(family, frames.write(priority));
      events.advertise(usual);
      entrust();
    },
    standInMs: () => events.standInMs(family),
    changed: (was) => events.changed(family, was),
    split: (other) => events.split(family, other),
    catchUp: () => events.catchUp(),
    mayPreempt: () => events.mayPreempt(),
  });
  return [{ family, mac: vrrp.macOf(id, isV6), addresses, settings, frames, router, entrust }];
}
