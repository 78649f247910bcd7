/**
 * The surface of the npm package `tuntap2`, which is gone from the registry, over our own interfaces: code that was written
 * for it runs with `import { Tap } from "oneip/tuntap2"`.
 *
 * What it did wrong is not kept: `mac` is text and no list, the objects are real Duplex streams, errors are errors, and one
 * read or write is exactly one frame.
 */

import { readFileSync } from "node:fs";
import { Duplex } from "node:stream";
import type { Worker } from "node:worker_threads";
import ipaddr from "ipaddr.js";
import { startThread } from "../system/installation.ts";
import * as ifreq from "./ifreq.ts";
import { IFF_TAP, IFF_TUN, Interface } from "./interface.ts";
import { WakeUp } from "./poll.ts";
import { ARMED, IDLE, STOPPED, type WatcherData } from "./watcher.ts";

/** The longest frame: an MTU of 65,535 and an Ethernet header. */
const LONGEST_FRAME = 65_549;

/** A stream of whole frames. It is down and without addresses until told otherwise. */
class FrameStream extends Duplex {
  readonly #interface: Interface;
  readonly #buffer = new Uint8Array(LONGEST_FRAME);
  readonly #wakeUp = new WakeUp();
  readonly #state = new Int32Array(new SharedArrayBuffer(4));
  #watcher: Worker | undefined;
  readonly #isTap: boolean;

  constructor(kind: typeof IFF_TAP | typeof IFF_TUN) {
    super({ readableObjectMode: true });
    this.#isTap = kind === IFF_TAP;
    this.#interface = new Interface(kind, { up: false });
  }

  /** The kernel's choice: tap0, tun0, ... */
  get name(): string {
    return this.#interface.name;
  }

  /** Ethernet frames, not IP packets. */
  get isTap(): boolean {
    return this.#isTap;
  }

  /** IP packets, not Ethernet frames. */
  get isTun(): boolean {
    return !this.#isTap;
  }

  /** Such as `3a:5c:00:11:22:33`. A TUN has none: setting it throws. */
  get mac(): string {
    return this.#isTap ? this.#interface.mac : "";
  }

  set mac(mac: string) {
    this.#interface.mac = mac;
  }

  /** The largest IP packet, in octets. */
  get mtu(): number {
    return this.#interface.mtu;
  }

  set mtu(mtu: number) {
    this.#interface.mtu = mtu;
  }

  /** Such as `10.0.0.1/24`; empty without one. Setting replaces. */
  get ipv4(): string {
    return this.#interface.ipv4;
  }

  set ipv4(cidr: string) {
    this.#interface.ipv4 = cidr;
  }

  /** Such as `2001:db8::1/64`; empty without one. The link-local address that the kernel gives is none. */
  get ipv6(): string {
    const rows = readFileSync("/proc/net/if_inet6", "utf8").trim().split("\n").map((row) => row.split(/\s+/));
    const [address, , prefix] =
      rows.find(([address, , , , , name]) => name === this.name && !address!.startsWith("fe8")) ?? [];
    if (address === undefined) return "";
    return `${ipaddr.IPv6.parse(address.match(/.{4}/g)!.join(":"))}/${parseInt(prefix!, 16)}`;
  }

  set ipv6(cidr: string) {
    const [address, prefixLength] = ipaddr.IPv6.parseCIDR(cidr);
    const before = this.ipv6;
    if (before !== "") {
      const [old, oldLength] = ipaddr.IPv6.parseCIDR(before);
      ifreq.deleteIpv6(this.name, Uint8Array.from(old.toByteArray()), oldLength);
    }
    if (ifreq.addIpv6(this.name, Uint8Array.from(address.toByteArray()), prefixLength) < 0) {
      throw new Error(`Cannot set the address of "${this.name}" to ${cidr}: the kernel refuses it`);
    }
  }

  /** False until it is set: a new interface carries nothing. */
  get isUp(): boolean {
    return this.#interface.isUp;
  }

  set isUp(up: boolean) {
    this.#interface.isUp = up;
  }

  /** Ends the stream and removes the interface; `callback` hears when it is gone. */
  release(callback?: (error: Error | null) => void): void {
    if (callback !== undefined) this.once("close", () => callback(null));
    this.destroy();
  }

  override _read(): void {
    this.#watcher ??= this.#watch();
    Atomics.store(this.#state, 0, ARMED);
    Atomics.notify(this.#state, 0);
  }

  /** One write is one frame. There is no _writev: it would join several frames into one. */
  override _write(chunk: Uint8Array, _encoding: string, callback: (error?: Error | null) => void): void {
    const sent = this.#interface.write(chunk, chunk.length);
    callback(
      sent ? null : new Error(`"${this.name}" did not take a frame of ${chunk.length} octets; is it up?`),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    Atomics.store(this.#state, 0, STOPPED);
    Atomics.notify(this.#state, 0);
    this.#wakeUp.raise();
    const close = () => {
      this.#interface.close();
      this.#wakeUp.close();
      callback(error);
    };
    if (this.#watcher === undefined) close();
    else this.#watcher.once("exit", close);
  }

  #watch(): Worker {
    const workerData: WatcherData = { fd: this.#interface.fd, wakeUpFd: this.#wakeUp.fd, state: this.#state };
    const watcher = startThread("device/watcher", { workerData });
    watcher.on("message", () => this.#drain());
    watcher.on("error", (error) => this.destroy(error as Error));
    return watcher;
  }

  #drain(): void {
    for (;;) {
      if (this.destroyed) return;
      const length = this.#interface.read(this.#buffer);
      if (length === 0) return this._read(); // Nothing is left: watch again.
      if (!this.push(Buffer.from(this.#buffer.subarray(0, length)))) {
        Atomics.compareExchange(this.#state, 0, ARMED, IDLE);
        return;
      }
    }
  }
}

/** Ethernet frames. */
export class Tap extends FrameStream {
  constructor() {
    super(IFF_TAP);
  }
}

/** IP packets. */
export class Tun extends FrameStream {
  constructor() {
    super(IFF_TUN);
  }

  override get mac(): string {
    return "";
  }

  override set mac(_: string) {
    throw new Error("A TUN interface has no MAC address");
  }
}

/** The options of the older `node-tuntap`. */
export interface TuntapOptions {
  type: "tap" | "tun";
  mtu?: number;
  addr?: string;
  /** Such as `255.255.255.0`. */
  mask?: string;
  up?: boolean;
}

/** The call of the older `node-tuntap`. */
export function tuntap({ type, mtu, addr, mask = "255.255.255.0", up = true }: TuntapOptions): Tap | Tun {
  const made = type === "tap" ? new Tap() : new Tun();
  if (mtu !== undefined) made.mtu = mtu;
  if (addr !== undefined) made.ipv4 = `${addr}/${ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask()}`;
  made.isUp = up;
  return made;
}
