/**
 * A TCP connection over frames of our own, RFC 9293, as a stream, on which http and tls of the runtime work. It needs no privilege
 * and nothing of the operator, works in memory and in virtual time, and goes to the machine that it is told to, whoever has the
 * address. As small as a probe allows:
 *
 *     CONNECTING ── SYN-ACK ── OPEN ── FIN of ours, FIN of theirs ── destroyed, which sends a reset
 *
 * It has retransmission, both windows, probes of a closed window, and challenges (RFC 5961). It keeps no segment that comes out of
 * order, but acknowledges what is there; a third such acknowledgment of theirs makes it resend. It measures no round trips, and does
 * not wait in TIME-WAIT: a probe that has judged resets the connection.
 */

import { Duplex } from "node:stream";
import type { Frame } from "../link/own_frames.ts";
import type { Way } from "../link/ip_frames.ts";
import type { Timer } from "../system/clock.ts";
import * as protocol from "../wire/protocol.ts";
import { ACK, FIN, PSH, RST, SYN } from "../wire/tcp.ts";
import * as tcp from "../wire/tcp.ts";
import { endpoint, type Failure, type Means } from "./attempt.ts";
import { errorAbout, rejected } from "./icmp_error.ts";
import type { Heard } from "./ports.ts";
import { refused, silent } from "./tcp_probe.ts";
import { readSegment, type Segment, writeSegment } from "./tcp_segment.ts";

/** Octets that we have room for: three segments, since the control plane's ring is shared by all probes that are under way. */
const WINDOW = 4096;
/** Octets under way to them, at most: what every host takes at the beginning (RFC 6928 section 2 allows more). */
const MOST_UNDER_WAY = 4096;
/** The largest segments to us: what every link carries (RFC 8200 section 5), but for the headers. */
const OWN_MSS = 1220;
/** The smallest that we believe: what is left of IPv4's least MTU, 68 (RFC 791 section 3.2). */
const LEAST_MSS = 28;

/** Until the first resend; each further one takes twice as long. */
const RESEND_MS = 250;
/** Acknowledgments of the same octet that mean that a segment is lost. */
const DUPLICATES = 3;

export class TcpStream extends Duplex {
  /** Why it ended, when not by our own will. */
  failure: Failure | undefined;
  /** The other side has accepted. */
  isOpen = false;
  readonly #means: Means;
  readonly #way: Way;
  readonly #where: string;
  readonly #srcPort: number;
  readonly #dstPort: number;
  /** Ours that is not acknowledged yet: from `#unacknowledged` on. */
  #out: Uint8Array = new Uint8Array(0);
  #unacknowledged: number;
  #next: number;
  #theirWindow = 0;
  #mss: number = tcp.DEFAULT_MSS;
  #duplicates = 0;
  #isEnding = false;
  #hasSentFin = false;
  /** Called when all of ours is acknowledged. */
  #acknowledged: ((error?: Error | null) => void) | undefined;
  /** Theirs: the octet that we wait for, and the one behind the window that they know of. */
  #expected = 0;
  #edge = 0;
  #hasHeardFin = false;
  #mustAcknowledge = false;
  #resend: Timer | undefined;
  #resends = 0;

  /** Sends a SYN. Undefined when no port is free. */
  static connect(means: Means, way: Way, port: number): TcpStream | undefined {
    let stream: TcpStream | undefined = undefined;
    const srcPort = means.ports.open(way.mac, (heard): boolean => stream?.hear(heard) ?? false);
    if (srcPort === undefined) return undefined;
    stream = new TcpStream(means, way, srcPort, port);
    stream.#send({ flags: SYN, sequence: stream.#unacknowledged, mss: OWN_MSS, window: WINDOW });
    stream.#startTimer();
    return stream;
  }

  private constructor(means: Means, way: Way, srcPort: number, dstPort: number) {
    super({ allowHalfOpen: true });
    this.#means = means;
    this.#way = way;
    this.#where = endpoint(way.to, dstPort);
    this.#srcPort = srcPort;
    this.#dstPort = dstPort;
    this.#unacknowledged = means.random.int32();
    this.#next = (this.#unacknowledged + 1) | 0;
    // Whoever destroys it knows why.
    this.on("error", () => {});
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

  /** What is lacking while it is not open. */
  get silence(): Failure {
    return silent(this.#where);
  }

  /** False when the packet is not of this connection. */
  hear({ packet, from }: Heard): boolean {
    if (packet.protocol !== protocol.TCP) return this.#hearError(packet);
    const segment = readSegment(packet);
    if (from !== this.#way.to || segment.srcPort !== this.#dstPort) return false;
    return this.isOpen ? this.#hearOpen(segment) : this.#hearFirst(segment);
  }

  override _read(): void {
    if (!this.isOpen || this.#hasHeardFin || this.destroyed) return;
    const grown = (this.#expected + WINDOW - this.#edge) | 0;
    this.#edge = (this.#edge + grown) | 0;
    // RFC 9293 section 3.8.6.2.2: the window moves in large steps.
    if (grown >= WINDOW / 2) this.#acknowledge();
  }

  override _write(chunk: Uint8Array, _: BufferEncoding, acknowledged: (error?: Error | null) => void): void {
    this.#out = chunk;
    this.#acknowledged = acknowledged;
    this.#pump();
  }

  /** Waits until the FIN is acknowledged: whoever destroys the stream then loses nothing of it. */
  override _final(acknowledged: (error?: Error | null) => void): void {
    this.#isEnding = true;
    this.#acknowledged = acknowledged;
    this.#pump();
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    this.#stopTimer();
    this.#means.ports.close(this.#srcPort);
    if (this.failure === undefined) this.#send({ flags: RST, sequence: this.#next });
    destroyed(error);
  }

  #hearError(packet: Heard["packet"]): boolean {
    const error = errorAbout(packet, this.#way);
    // Errors about an open connection may be of a moment, and may be forged: RFC 5927 section 4.
    if (error === undefined || this.isOpen) return false;
    if (tcp.sequence(packet.frame, error.sent) !== this.#unacknowledged) return false;
    this.#fail(error.isPortUnreachable ? refused(this.#where) : rejected(`TCP to ${this.#where}`, error));
    return true;
  }

  #hearFirst({ flags, sequence, acknowledgment, window, mss }: Required<Segment>): boolean {
    if ((flags & ACK) === 0 || acknowledgment !== this.#next) return false;
    if ((flags & RST) !== 0) {
      this.#fail(refused(this.#where));
      return true;
    }
    if ((flags & SYN) === 0) return false;
    this.isOpen = true;
    this.#stopTimer();
    this.#unacknowledged = acknowledgment;
    this.#theirWindow = window;
    this.#mss = Math.max(LEAST_MSS, Math.min(mss, OWN_MSS));
    this.#expected = (sequence + 1) | 0;
    this.#edge = (this.#expected + WINDOW) | 0;
    if (this.#acknowledged === undefined) this.#acknowledge();
    else this.#pump();
    this.emit("connect");
    return true;
  }

  #hearOpen(segment: Required<Segment>): boolean {
    const { flags, sequence } = segment;
    const isInWindow = ((sequence - this.#expected) | 0) >= 0 && ((sequence - this.#edge) | 0) <= 0;
    if ((flags & RST) !== 0) {
      if (sequence === this.#expected) {
        this.#fail({ reason: `it resets the connection to ${this.#where}`, fault: null });
      } else if (isInWindow) this.#acknowledge();
      return true;
    }
    if ((flags & SYN) !== 0) this.#acknowledge();
    else if ((flags & ACK) !== 0 && this.#hearAcknowledgment(segment)) this.#hearData(segment);
    return true;
  }

  /** False when it acknowledges what was never sent. */
  #hearAcknowledgment({ acknowledgment, window, data, flags }: Required<Segment>): boolean {
    const newly = (acknowledgment - this.#unacknowledged) | 0;
    if (((acknowledgment - this.#next) | 0) > 0) {
      this.#acknowledge();
      return false;
    }
    if (newly < 0) return true;
    // RFC 5681 section 2.
    const isDuplicate = newly === 0 && data.length === 0 && (flags & FIN) === 0 &&
      window === this.#theirWindow &&
      this.#next !== this.#unacknowledged;
    this.#duplicates = isDuplicate ? this.#duplicates + 1 : 0;
    this.#theirWindow = window;
    if (newly > 0) {
      this.#unacknowledged = acknowledgment;
      this.#out = this.#out.subarray(Math.min(newly, this.#out.length));
      this.#stopTimer();
      if (this.#next === this.#unacknowledged && this.#out.length === 0) this.#allAcknowledged();
    }
    if (this.#duplicates === DUPLICATES) this.#sendAgain();
    this.#pump();
    return true;
  }

  #allAcknowledged(): void {
    const call = this.#acknowledged;
    this.#acknowledged = undefined;
    call?.();
  }

  #hearData({ sequence, data, flags }: Required<Segment>): void {
    const isEmpty = data.length === 0 && (flags & FIN) === 0;
    if (isEmpty) {
      // A probe of our window, or of whether we are there.
      if (sequence !== this.#expected) this.#acknowledge();
      return;
    }
    this.#acknowledge();
    const known = (this.#expected - sequence) | 0;
    if (known < 0 || known > data.length || this.#hasHeardFin) return;
    const room = (this.#edge - this.#expected) | 0;
    const taken = data.subarray(known, Math.min(data.length, known + room));
    this.#expected = (this.#expected + taken.length) | 0;
    const isWhole = known + taken.length === data.length;
    if (taken.length > 0 && this.push(taken)) this.#edge = (this.#expected + WINDOW) | 0;
    if (isWhole && (flags & FIN) !== 0) {
      this.#expected = (this.#expected + 1) | 0;
      this.#hasHeardFin = true;
      this.push(null);
    }
  }

  /** Sends what the windows allow. */
  #pump(): void {
    if (!this.isOpen || this.destroyed) return;
    const window = Math.min(this.#theirWindow, MOST_UNDER_WAY);
    for (;;) {
      const underWay = (this.#next - this.#unacknowledged) | 0;
      const size = Math.min(this.#mss, this.#out.length - underWay, window - underWay);
      if (size <= 0) break;
      this.#sendData(underWay, size);
    }
    const isAll = ((this.#next - this.#unacknowledged) | 0) === this.#out.length;
    if (isAll && this.#isEnding && !this.#hasSentFin) {
      this.#hasSentFin = true;
      this.#send({ flags: FIN | ACK, sequence: this.#next });
      this.#next = (this.#next + 1) | 0;
    }
    const isWaiting = this.#next !== this.#unacknowledged || this.#out.length > 0;
    if (isWaiting && this.#resend === undefined) this.#startTimer();
  }

  #sendData(from: number, size: number): void {
    const sequence = (this.#unacknowledged + from) | 0;
    const isLast = from + size === this.#out.length;
    this.#send({ flags: ACK | (isLast ? PSH : 0), sequence, data: this.#out.subarray(from, from + size) });
    const end = (sequence + size) | 0;
    if (((end - this.#next) | 0) > 0) this.#next = end;
  }

  /** The first of what is not acknowledged: at least an octet, which asks anew for a closed window. */
  #sendAgain(): void {
    if (!this.isOpen) {
      return this.#send({ flags: SYN, sequence: this.#unacknowledged, mss: OWN_MSS, window: WINDOW });
    }
    const size = Math.min(this.#mss, this.#out.length, Math.max(1, this.#theirWindow));
    if (size > 0) this.#sendData(0, size);
    else if (this.#hasSentFin) this.#send({ flags: FIN | ACK, sequence: this.#unacknowledged });
  }

  #stopTimer(): void {
    this.#resend?.cancel();
    this.#resend = undefined;
    this.#resends = 0;
  }

  #startTimer(): void {
    this.#resend = this.#means.clock.after(RESEND_MS * 2 ** this.#resends, () => {
      this.#resends++;
      this.#sendAgain();
      this.#startTimer();
    });
  }

  /** Once for all segments of a turn. */
  #acknowledge(): void {
    if (this.#mustAcknowledge) return;
    this.#mustAcknowledge = true;
    queueMicrotask(() => {
      if (this.#mustAcknowledge && !this.destroyed) this.#send({ flags: ACK, sequence: this.#next });
    });
  }

  #send(segment: Pick<Segment, "flags" | "sequence" | "data" | "mss" | "window">): void {
    const { flags } = segment;
    if ((flags & ACK) !== 0) this.#mustAcknowledge = false;
    const isOurs = (flags & ACK) !== 0;
    const frame: Frame = writeSegment(this.#means.frames, this.#way, {
      srcPort: this.#srcPort,
      dstPort: this.#dstPort,
      ...(isOurs ? { acknowledgment: this.#expected, window: (this.#edge - this.#expected) | 0 } : {}),
      ...segment,
    });
    this.#means.send(frame);
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    this.destroy(new Error(failure.reason));
  }
}
