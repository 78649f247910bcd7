/**
 * A TCP connection of a probe (tcp_connection.ts) as a stream, on which http and tls of the runtime work. It goes to the machine that it
 * is told to, whoever has the address. A probe that has judged resets the connection.
 */

import { Duplex } from "node:stream";
import type { Way } from "../link/ip_frames.ts";
import type { Clock } from "../system/clock.ts";
import * as protocol from "../wire/protocol.ts";
import * as tcp from "../wire/tcp.ts";
import { endpoint, type Failure, type Means } from "./attempt.ts";
import { errorAbout, rejected } from "./icmp_error.ts";
import type { Heard } from "./ports.ts";
import {
  type Outgoing,
  TcpConnection,
  type TcpFailure,
  type TcpOwner,
  type TcpSettings,
} from "./tcp_connection.ts";
import { refused, silent } from "./tcp_probe.ts";
import { readSegment, writeSegment } from "./tcp_segment.ts";

const SETTINGS: TcpSettings = {
  // Three segments, since the control plane's ring is shared by all probes that are under way.
  window: 4096,
  // What every host takes at the beginning (RFC 6928 section 2 allows more).
  mostUnderWay: 4096,
  // What every link carries (RFC 8200 section 5), but for the headers.
  mss: 1220,
  resendMs: 250,
  resendSynMs: 250,
  evenSynResends: 0,
  // The probe gives up by itself.
  mostResends: Infinity,
  mostSynResends: Infinity,
};

type Done = (error?: Error | null) => void;

export class TcpStream extends Duplex implements TcpOwner {
  /** Why it ended, when not by our own will. */
  failure: Failure | undefined;
  readonly #means: Means;
  readonly #way: Way;
  readonly #where: string;
  readonly #srcPort: number;
  readonly #dstPort: number;
  readonly #connection: TcpConnection;
  /** Called when all of ours is acknowledged. */
  #acknowledged: Done | undefined;

  /** Sends a SYN. Undefined when no port is free. */
  static connect(means: Means, way: Way, port: number): TcpStream | undefined {
    let stream: TcpStream | undefined = undefined;
    const srcPort = means.ports.open(way.mac, (heard): boolean => stream?.hear(heard) ?? false);
    if (srcPort === undefined) return undefined;
    return stream = new TcpStream(means, way, srcPort, port);
  }

  private constructor(means: Means, way: Way, srcPort: number, dstPort: number) {
    super({ allowHalfOpen: true });
    this.#means = means;
    this.#way = way;
    this.#where = endpoint(way.to, dstPort);
    this.#srcPort = srcPort;
    this.#dstPort = dstPort;
    // Whoever destroys it knows why.
    this.on("error", () => {});
    this.#connection = TcpConnection.ask(this, SETTINGS, means.random.int32());
  }

  // What http and tls ask of a socket, and what means nothing here.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  /** The other side has accepted. */
  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** What is lacking while it is not open. */
  get silence(): Failure {
    return silent(this.#where);
  }

  /** False when the packet is not of this connection. */
  hear({ packet, from }: Heard): boolean {
    if (packet.protocol !== protocol.TCP) return this.#hearError(packet);
    const segment = readSegment(packet);
    if (from !== this.#way.to || segment.srcPort !== this.#dstPort) return false;
    return this.#connection.hear(segment);
  }

  #hearError(packet: Heard["packet"]): boolean {
    const error = errorAbout(packet, this.#way);
    // Errors about an open connection may be of a moment, and may be forged: RFC 5927 section 4.
    if (error === undefined || this.isOpen) return false;
    if (!this.#connection.isUnderWay(tcp.sequence(packet.frame, error.sent))) return false;
    this.#end(error.isPortUnreachable ? refused(this.#where) : rejected(`TCP to ${this.#where}`, error));
    return true;
  }

  // What the connection tells.

  get clock(): Clock {
    return this.#means.clock;
  }

  send(segment: Outgoing): void {
    const ports = { srcPort: this.#srcPort, dstPort: this.#dstPort };
    this.#means.send(writeSegment(this.#means.frames, this.#way, { ...ports, ...segment }));
  }

  later(call: () => void): void {
    queueMicrotask(call);
  }

  opened(): void {
    this.emit("connect");
  }

  received(data: Uint8Array): boolean {
    return this.push(data);
  }

  ended(): void {
    this.push(null);
  }

  acknowledged(): void {
    const call = this.#acknowledged;
    this.#acknowledged = undefined;
    call?.();
  }

  failed(why: TcpFailure): void {
    if (why === "refused") this.#end(refused(this.#where));
    // It is never `silent` by itself.
    else this.#end({ reason: `it resets the connection to ${this.#where}`, fault: null });
  }

  // What a stream is asked for.

  override _read(): void {
    this.#connection.takeMore();
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, acknowledged: Done): void {
    this.#acknowledged = acknowledged;
    this.#connection.write(chunk);
  }

  /** Waits until the FIN is acknowledged: whoever destroys the stream then loses nothing of it. */
  override _final(acknowledged: Done): void {
    this.#acknowledged = acknowledged;
    this.#connection.end();
  }

  override _destroy(error: Error | null, destroyed: Done): void {
    this.#means.ports.close(this.#srcPort);
    if (this.failure === undefined) this.#connection.abort();
    else this.#connection.forget();
    destroyed(error);
  }

  #end(failure: Failure): void {
    this.failure = failure;
    this.destroy(new Error(failure.reason));
  }
}
