/**
 * Packets that are cut into fragments, and put together again: RFC 791 section 3.2 and RFC 8200 section 4.5. What waits for the rest of
 * its packet is bounded in time, number and octets, as on Linux.
 */

import { Packet } from "../../path/packet.ts";
import type { Alarm, VirtualClock } from "../../system/virtual_clock.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import * as ipv6 from "../../wire/ipv6.ts";
import * as protocol from "../../wire/protocol.ts";
import type { Octets } from "./port.ts";

const IP = ethernet.HEADER;

/** The frames with the fragments of an IPv4 packet, behind room for an Ethernet header, each at most `mtu` octets of IP. */
export function fragments4(packet: Packet, mtu: number): Octets[] {
  const { frame, bytes, ip, end } = packet;
  const header = ipv4.headerLength(frame, ip);
  const first = ipv4.fragmentOffsetAndMore(frame, ip);
  const [offset, hadMore] = [first & ~7, (first & 1) !== 0];
  const size = (mtu - header) & ~7;
  const frames: Octets[] = [];
  for (let from = ip + header; from < end; from += size) {
    const to = Math.min(end, from + size);
    const fragment = new Uint8Array(IP + header + to - from);
    const view = new DataView(fragment.buffer);
    fragment.set(bytes.subarray(ip, ip + header), IP);
    fragment.set(bytes.subarray(from, to), IP + header);
    ipv4.setTotalLength(view, IP, header + to - from);
    ipv4.setFragment(view, IP, offset + from - ip - header, to < end || hadMore);
    frames.push(fragment);
  }
  return frames;
}

/** The same of a packet of IPv6 without extension headers, which only its sender may cut. */
export function fragments6({ frame, bytes, ip, end }: Packet, mtu: number, identification: number): Octets[] {
  const upper = ip + ipv6.HEADER;
  const next = ipv6.nextHeader(frame, ip);
  const size = (mtu - ipv6.HEADER - ipv6.FRAGMENT_HEADER) & ~7;
  const frames: Octets[] = [];
  for (let from = upper; from < end; from += size) {
    const to = Math.min(end, from + size);
    const length = ipv6.HEADER + ipv6.FRAGMENT_HEADER + to - from;
    const fragment = new Uint8Array(IP + length);
    const view = new DataView(fragment.buffer);
    fragment.set(bytes.subarray(ip, upper), IP);
    fragment.set(bytes.subarray(from, to), IP + ipv6.HEADER + ipv6.FRAGMENT_HEADER);
    ipv6.setTotalLength(view, IP, length);
    ipv6.setNextHeader(view, IP, protocol.FRAGMENT);
    ipv6.writeFragment(view, IP + ipv6.HEADER, next, from - upper, to < end, identification);
    frames.push(fragment);
  }
  return frames;
}

/** ipfrag_time, and of IPv6. */
const KEPT_US = 30_000_000;
const KEPT6_US = 60_000_000;
/** ipfrag_high_thresh, in octets of fragments. */
const MOST_OCTETS = 4 << 20;
/** Of one packet, and packets. */
const MOST_FRAGMENTS = 64;
const MOST_PACKETS = 4096;

interface Part {
  readonly offset: number;
  readonly octets: Octets;
}

interface Pending {
  readonly key: string;
  readonly alarm: Alarm;
  parts: Part[];
  octets: number;
  /** Of the upper layer, once the last fragment is there. */
  length: number;
  /** The frame with the first fragment. */
  first: Octets | undefined;
}

export class Reassembly {
  /** Fragments for which there was no room, or that overlapped others. */
  dropped = 0;
  /** Packets that never became whole. */
  timedOut = 0;
  readonly #time: VirtualClock;
  /** The frame with the first fragment of a packet whose rest never came. */
  readonly #tell: (first: Octets) => void;
  readonly #pending = new Map<string, Pending>();
  #octets = 0;

  constructor(time: VirtualClock, timedOut: (first: Octets) => void) {
    this.#time = time;
    this.#tell = timedOut;
  }

  /** Octets that are kept. */
  get octets(): number {
    return this.#octets;
  }

  clear(): void {
    for (const pending of [...this.#pending.values()]) this.#forget(pending);
  }

  /** Takes a fragment. The frame with the whole packet, when this was the last that lacked. */
  take(packet: Packet): Octets | undefined {
    const { bytes, upper, end, fragment } = packet;
    const offset = fragment & ~7;
    const hasMore = (fragment & 1) !== 0;
    const size = end - upper;
    const cannotBe = (hasMore && (size & 7) !== 0) || size <= 0 || offset + size > 0xffff;
    const pending = cannotBe ? undefined : this.#pendingOf(packet);
    if (
      pending === undefined || pending.parts.length === MOST_FRAGMENTS || this.#octets + size > MOST_OCTETS
    ) {
      this.dropped++;
      return undefined;
    }
    for (const part of pending.parts) {
      const overlaps = offset < part.offset + part.octets.length && part.offset < offset + size;
      if (!overlaps) continue;
      this.dropped++;
      // The same once more does no harm; anything else is an attack, and nothing of it is believed (RFC 5722, RFC 8200 section 4.5).
      if (part.offset !== offset || part.octets.length !== size) this.#forget(pending);
      return undefined;
    }
    pending.parts.push({ offset, octets: bytes.slice(upper, end) });
    pending.octets += size;
    this.#octets += size;
    if (offset === 0) pending.first = bytes.slice(0, end);
    if (!hasMore) pending.length = offset + size;
    if (pending.first === undefined || pending.octets !== pending.length) return undefined;
    this.#forget(pending);
    return whole(pending, packet.isIpv6);
  }

  #pendingOf(packet: Packet): Pending | undefined {
    const key = keyOf(packet);
    const known = this.#pending.get(key);
    if (known !== undefined || this.#pending.size === MOST_PACKETS) return known;
    const pending: Pending = {
      key,
      alarm: this.#time.alarm(() => {
        this.timedOut++;
        this.#forget(pending);
        if (pending.first !== undefined) this.#tell(pending.first);
      }),
      parts: [],
      octets: 0,
      length: -1,
      first: undefined,
    };
    pending.alarm.set(this.#time.nowUs + (packet.isIpv6 ? KEPT6_US : KEPT_US));
    this.#pending.set(key, pending);
    return pending;
  }

  #forget(pending: Pending): void {
    pending.alarm.cancel();
    if (this.#pending.delete(pending.key)) this.#octets -= pending.octets;
  }
}

function keyOf({ frame, bytes, ip, isIpv6, upper, src, dst, protocol }: Packet): string {
  const addresses = bytes.subarray(src, dst + (isIpv6 ? 16 : 4)).join();
  return isIpv6
    ? `${addresses} ${ipv6.identification(frame, upper - ipv6.FRAGMENT_HEADER)}`
    : `${addresses} ${ipv4.identification(frame, ip)} ${protocol}`;
}

/** A frame with the whole packet, without the fragments' headers. */
function whole({ parts, length, first }: Pending, isIpv6: boolean): Octets {
  const packet = new Packet(first!);
  if (isIpv6) packet.readIpv6(IP, first!.length - IP);
  else packet.readIpv4(IP, first!.length - IP);
  const header = isIpv6 ? ipv6.HEADER : packet.upper - IP;
  const frame = new Uint8Array(IP + header + length);
  const view = new DataView(frame.buffer);
  frame.set(first!.subarray(0, IP + header));
  for (const { offset, octets } of parts) frame.set(octets, IP + header + offset);
  if (isIpv6) {
    ipv6.setTotalLength(view, IP, header + length);
    ipv6.setNextHeader(view, IP, packet.protocol);
  } else {
    ipv4.setTotalLength(view, IP, header + length);
    ipv4.setFragment(view, IP, 0, false);
  }
  return frame;
}
