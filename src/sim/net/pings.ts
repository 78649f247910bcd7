/** Echo requests of a machine, and what came back. */

import { addressesOf, IpFrames } from "../../link/ip_frames.ts";
import type { Packet } from "../../path/packet.ts";
import type { VirtualClock } from "../../system/virtual_clock.ts";
import { isIpv6 } from "../../wire/address.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as icmp from "../../wire/icmpv4.ts";
import * as icmpv6 from "../../wire/icmpv6.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import * as ipv6 from "../../wire/ipv6.ts";
import * as protocol from "../../wire/protocol.ts";
import type { HeardError, IpLayer } from "./ip_layer.ts";

export interface PingOptions {
  readonly from?: string;
  /** Octets behind the header. Default 56, as ping(8) has it. */
  readonly size?: number;
  readonly ttl?: number;
  /** No router may cut it. Default true: as ping(8), unless it is too long for the link. */
  readonly isWhole?: boolean;
}

/** What came back. */
export interface Pong {
  readonly rttUs: number;
  /** The address that answers. */
  readonly from: string;
  /** The error in place of a reply. */
  readonly error?: HeardError;
}

interface Ping {
  readonly sentUs: number;
  readonly to: string;
  readonly heard: (pong: Pong) => void;
}

/** So many may be without an answer; the oldest one gives way. */
const MOST = 4096;

const NOWHERE = { high: 0, low: 0 };

export class Pings {
  /** Those that gave way to others, and are told nothing any more. */
  forgotten = 0;
  readonly #ip: IpLayer;
  readonly #time: VirtualClock;
  readonly #frames = new IpFrames({ mac: NOWHERE, vlan: undefined, addresses: [] });
  readonly #open = new Map<number, Ping>();
  #next = 1;

  constructor(ip: IpLayer, time: VirtualClock) {
    this.#ip = ip;
    this.#time = time;
  }

  /** `heard` is called once, or never. False where no way leads there, or where it is too long and may not be cut. */
  send(to: string, options: PingOptions, heard: (pong: Pong) => void): boolean {
    const from = options.from ?? this.#ip.sourceFor(to);
    if (from === undefined) return false;
    if (this.#open.size === MOST) {
      this.#open.delete(this.#open.keys().next().value!);
      this.forgotten++;
    }
    const number = this.#next++;
    this.#open.set(number, { sentUs: this.#time.nowUs, to, heard });
    const frame = this.#request(from, to, number, options);
    const isSent = this.#ip.send(frame, frame.length);
    if (!isSent) this.#open.delete(number);
    return isSent;
  }

  #request(from: string, to: string, number: number, { size = 56, ttl, isWhole }: PingOptions) {
    const isV6 = isIpv6(to);
    const length = icmp.HEADER + size;
    const draft = this.#frames.draft(
      { from, to, mac: NOWHERE },
      isV6 ? protocol.ICMPV6 : protocol.ICMP,
      length,
    );
    const { frame, view, ip, upper } = draft;
    for (let index = 0; index < size; index++) frame[upper + icmp.HEADER + index] = index;
    icmp.write(view, upper, isV6 ? icmpv6.ECHO_REQUEST : icmp.ECHO_REQUEST, 0, number);
    if (ttl !== undefined) (isV6 ? ipv6 : ipv4).setHopLimit(view, ip, ttl);
    if (isV6) icmpv6.setChecksum(view, ip, upper, length);
    else {
      const isTooLong = frame.length - ethernet.HEADER > this.#ip.mtuTo(to);
      if (!(isWhole ?? !isTooLong)) ipv4.setFragment(view, ip, 0, false);
      icmp.setChecksum(view, upper, length);
    }
    return frame;
  }

  hear(packet: Packet): void {
    this.#end(packet.frame.getInt32(packet.upper + icmp.IDENTIFIER), addressesOf(packet)[0]);
  }

  hearError(error: HeardError): boolean {
    const number = error.frame.getInt32(error.sent + icmp.IDENTIFIER);
    if (!this.#open.has(number)) return false;
    this.#end(number, error.from, error);
    return true;
  }

  forget(): void {
    this.#open.clear();
  }

  #end(number: number, from: string, error?: HeardError): void {
    const ping = this.#open.get(number);
    if (ping === undefined) return;
    this.#open.delete(number);
    const rttUs = this.#time.nowUs - ping.sentUs;
    ping.heard(error === undefined ? { rttUs, from } : { rttUs, from, error });
  }
}
