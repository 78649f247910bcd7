/**
 * A TCP connection over frames of our own, RFC 9293: a state machine that says what is to be sent, and is told what was heard. It needs
 * no privilege and nothing of the operator, and works in memory and in virtual time.
 *
 *     we ask      ASKING ──── SYN-ACK ───┐
 *                                        ├── open ── FIN of ours, FIN of theirs ── over
 *     they ask    ANSWERING ── ACK ──────┘
 *
 * It has retransmission, both windows, probes of a closed window, and challenges (RFC 5961). It keeps no segment that comes out of
 * order, but acknowledges what is there; a third such acknowledgment of theirs makes it resend. It measures no round trips. Whoever has
 * it decides how long it stays to answer a FIN that comes again.
 */

import type { Clock, Timer } from "../system/clock.ts";
import { ACK, FIN, PSH, RST, SYN } from "../wire/tcp.ts";
import * as tcp from "../wire/tcp.ts";
import type { Segment } from "./tcp_segment.ts";

/** What it sends; the ports are for the owner to add. */
export type Outgoing = Omit<Segment, "srcPort" | "dstPort">;

/** Why it is over, when not by the will of both sides. `silent`: nobody answers any more. */
export type TcpFailure = "refused" | "reset" | "silent";

/** Who has the connection. */
export interface TcpOwner {
  readonly clock: Clock;
  send(segment: Outgoing): void;
  /** Makes this call when the segments that are there have been heard, so that one acknowledgment does for all of them. */
  later(call: () => void): void;
  opened(): void;
  /** Theirs, in order; the octets may be its own during the call only. False: the window closes until `takeMore`. */
  received(data: Uint8Array): boolean;
  /** Nothing of theirs will come any more. */
  ended(): void;
  /** All of ours has been acknowledged, the FIN too where `end` was called. */
  acknowledged(): void;
  failed(why: TcpFailure): void;
}

export interface TcpSettings {
  /** Octets that we have room for. */
  readonly window: number;
  /** Octets under way to them, at most. */
  readonly mostUnderWay: number;
  /** The largest segments to us. */
  readonly mss: number;
  /** Until the first resend; each further one takes twice as long. */
  readonly resendMs: number;
  /** The same for a SYN, and for the answer to one. */
  readonly resendSynMs: number;
  /** So many further resends of a SYN come as soon as the first one, before each takes twice as long. */
  readonly evenSynResends: number;
  /** It fails when so many resends in a row have found nobody; of SYNs so many. */
  readonly mostResends: number;
  readonly mostSynResends: number;
}

/** The smallest largest segment that we believe: what is left of IPv4's least MTU, 68 (RFC 791 section 3.2). */
const LEAST_MSS = 28;
/** Acknowledgments of the same octet that mean that a segment is lost. */
const DUPLICATES = 3;
/** Resends come no further apart than 2 minutes, as Linux has it (TCP_RTO_MAX). */
const LONGEST_MS = 120_000;

type State = "asking" | "answering" | "open" | "over";

export class TcpConnection {
  readonly #owner: TcpOwner;
  readonly #settings: TcpSettings;
  #state: State;
  /** Ours that is not acknowledged yet: from `#unacknowledged` on. */
  #out: Uint8Array = new Uint8Array(0);
  #unacknowledged: number;
  /** Of ours what is sent next: less than `#highest` while something is sent anew. */
  #next: number;
  /** Behind the last octet that was ever sent: SND.NXT. */
  #highest: number;
  #theirWindow = 0;
  #mss: number = tcp.DEFAULT_MSS;
  #duplicates = 0;
  /** Until all up to here is acknowledged, a duplicate may be of what was sent anew. */
  #recover: number;
  #isEnding = false;
  #isFinAcknowledged = false;
  /** The owner waits for `acknowledged`. */
  #isWriting = false;
  /** Theirs: the octet that we wait for, and the one behind the window that they know of. */
  #expected = 0;
  #edge = 0;
  #hasHeardFin = false;
  #mustAcknowledge = false;
  #resend: Timer | undefined;
  #resends = 0;
  /** Resends since anything was heard. */
  #unheard = 0;

  /** `sequence`: of our SYN. */
  private constructor(owner: TcpOwner, settings: TcpSettings, sequence: number, state: State) {
    this.#owner = owner;
    this.#settings = settings;
    this.#state = state;
    this.#unacknowledged = this.#recover = sequence;
    this.#next = this.#highest = (sequence + 1) | 0;
  }

  /** Asks for a connection: sends a SYN. */
  static ask(owner: TcpOwner, settings: TcpSettings, sequence: number): TcpConnection {
    const connection = new TcpConnection(owner, settings, sequence, "asking");
    connection.#sendFirst();
    connection.#startTimer();
    return connection;
  }

  /** Answers a SYN. */
  static answer(
    owner: TcpOwner,
    settings: TcpSettings,
    sequence: number,
    syn: Required<Segment>,
  ): TcpConnection {
    const connection = new TcpConnection(owner, settings, sequence, "answering");
    connection.#hearSyn(syn);
    connection.#sendFirst();
    connection.#startTimer();
    return connection;
  }

  /** The other side has accepted. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Both sides have ended and know it, or it has failed. */
  get isOver(): boolean {
    return this.#state === "over" || (this.#hasHeardFin && this.#isFinAcknowledged);
  }

  get hasHeardFin(): boolean {
    return this.#hasHeardFin;
  }

  /** Is this a sequence number of what is under way? Only then an ICMP error is about it (RFC 5927 section 4.1). */
  isUnderWay(sequence: number): boolean {
    return ((sequence - this.#unacknowledged) | 0) >= 0 && ((sequence - this.#highest) | 0) < 0;
  }

  /** Behind what is not acknowledged yet. The octets must stay as they are. */
  write(data: Uint8Array): void {
    const out = new Uint8Array(this.#out.length + data.length);
    out.set(this.#out);
    out.set(data, this.#out.length);
    this.#out = this.#out.length === 0 ? data : out;
    this.#isWriting = true;
    this.#pump();
  }

  /** Sends a FIN behind all of ours. */
  end(): void {
    this.#isEnding = true;
    this.#isWriting = true;
    this.#pump();
  }

  /** It is over on our side: no call comes any more, and the other side gets a reset. */
  abort(): void {
    if (this.#state === "over") return;
    this.#stop();
    this.#send({ flags: RST, sequence: this.#highest });
  }

  /** The same without a word, as when a machine loses its power. */
  forget(): void {
    this.#stop();
  }

  /** The reader has room again. */
  takeMore(): void {
    if (this.#state !== "open" || this.#hasHeardFin) return;
    const grown = (this.#expected + this.#settings.window - this.#edge) | 0;
    this.#edge = (this.#edge + grown) | 0;
    // RFC 9293 section 3.8.6.2.2: the window moves in large steps.
    if (grown >= this.#settings.window / 2) this.#acknowledge();
  }

  /** The way carries no larger segments: what is under way is sent anew in such. */
  narrow(mss: number): void {
    if (mss >= this.#mss) return;
    this.#mss = Math.max(LEAST_MSS, mss);
    if (this.isOpen) this.#sendAnew();
  }

  /** False when the segment is not of this connection. */
  hear(segment: Required<Segment>): boolean {
    this.#unheard = 0;
    switch (this.#state) {
      case "asking":
        return this.#hearAnswer(segment);
      case "answering":
        return this.#hearAcceptance(segment);
      case "open":
        return this.#hearOpen(segment);
      case "over":
        return false;
    }
  }

  #hearAnswer(segment: Required<Segment>): boolean {
    const { flags, acknowledgment } = segment;
    if ((flags & ACK) === 0 || acknowledgment !== this.#next) return false;
    if ((flags & RST) !== 0) {
      this.#fail("refused");
      return true;
    }
    if ((flags & SYN) === 0) return false;
    this.#stopTimer();
    this.#hearSyn(segment);
    this.#unacknowledged = acknowledgment;
    this.#theirWindow = segment.window;
    this.#state = "open";
    if (this.#isWriting) this.#pump();
    else this.#acknowledge();
    this.#owner.opened();
    return true;
  }

  #hearAcceptance(segment: Required<Segment>): boolean {
    const { flags, sequence, acknowledgment } = segment;
    if ((flags & RST) !== 0) {
      if (sequence === this.#expected) this.#fail("reset");
      return true;
    }
    if ((flags & SYN) !== 0) {
      this.#sendFirst();
      return true;
    }
    if ((flags & ACK) === 0 || acknowledgment !== this.#next) return false;
    this.#stopTimer();
    this.#unacknowledged = acknowledgment;
    this.#theirWindow = segment.window;
    this.#state = "open";
    this.#owner.opened();
    return this.isOpen ? this.#hearOpen(segment) : true;
  }

  #hearSyn({ sequence, mss }: Required<Segment>): void {
    this.#mss = Math.max(LEAST_MSS, Math.min(mss, this.#settings.mss));
    this.#expected = (sequence + 1) | 0;
    this.#edge = (this.#expected + this.#settings.window) | 0;
  }

  #hearOpen(segment: Required<Segment>): boolean {
    const { flags, sequence } = segment;
    if ((flags & RST) !== 0) {
      if (sequence === this.#expected) this.#fail("reset");
      else if (this.#isInWindow(sequence)) this.#acknowledge();
      return true;
    }
    if ((flags & SYN) !== 0) this.#acknowledge();
    else if ((flags & ACK) !== 0 && this.#hearAcknowledgment(segment)) this.#hearData(segment);
    return true;
  }

  #isInWindow(sequence: number): boolean {
    return ((sequence - this.#expected) | 0) >= 0 && ((sequence - this.#edge) | 0) <= 0;
  }

  /** False when it acknowledges what was never sent. */
  #hearAcknowledgment({ acknowledgment, window, data, flags }: Required<Segment>): boolean {
    const newly = (acknowledgment - this.#unacknowledged) | 0;
    if (((acknowledgment - this.#highest) | 0) > 0) {
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
      // What they have already of what is being sent anew is not sent again.
      if (((acknowledgment - this.#next) | 0) > 0) this.#next = acknowledgment;
      if (newly > this.#out.length) this.#isFinAcknowledged = true;
      this.#unacknowledged = acknowledgment;
      this.#out = this.#out.subarray(Math.min(newly, this.#out.length));
      this.#stopTimer();
      this.#tellAcknowledged();
    }
    if (this.#duplicates === DUPLICATES && ((this.#unacknowledged - this.#recover) | 0) >= 0) {
      this.#sendAnew();
    } else this.#pump();
    return true;
  }

  #tellAcknowledged(): void {
    const isAll = this.#out.length === 0 && (this.#isFinAcknowledged || !this.#isEnding);
    if (!isAll || !this.#isWriting) return;
    this.#isWriting = false;
    this.#owner.acknowledged();
  }

  #hearData({ sequence, data, flags }: Required<Segment>): void {
    if (this.#state !== "open") return;
    const isEmpty = data.length === 0 && (flags & FIN) === 0;
    if (isEmpty) {
      // A probe of our window, or of whether we are there. One that is ahead is answered by nothing (RFC 9293 section 3.10.7.4): where both
      // sides lack something, they would answer each other's answers for ever.
      if (!this.#isInWindow(sequence)) this.#acknowledge();
      return;
    }
    this.#acknowledge();
    const known = (this.#expected - sequence) | 0;
    if (known < 0 || known > data.length || this.#hasHeardFin) return;
    const room = (this.#edge - this.#expected) | 0;
    const taken = data.subarray(known, Math.min(data.length, known + room));
    this.#expected = (this.#expected + taken.length) | 0;
    const isWhole = known + taken.length === data.length;
    if (taken.length > 0 && this.#owner.received(taken)) {
      this.#edge = (this.#expected + this.#settings.window) | 0;
    }
    if (isWhole && (flags & FIN) !== 0) {
      this.#expected = (this.#expected + 1) | 0;
      this.#hasHeardFin = true;
      this.#owner.ended();
    }
  }

  /** Sends what the windows allow. */
  #pump(): void {
    if (this.#state !== "open") return;
    const window = Math.min(this.#theirWindow, this.#settings.mostUnderWay);
    for (;;) {
      const underWay = (this.#next - this.#unacknowledged) | 0;
      const size = Math.min(this.#mss, this.#out.length - underWay, window - underWay);
      if (size <= 0) break;
      this.#sendData(underWay, size);
    }
    const isAll = ((this.#next - this.#unacknowledged) | 0) === this.#out.length;
    if (isAll && this.#isEnding && !this.#isFinAcknowledged) {
      this.#send({ flags: FIN | ACK, sequence: this.#next });
      this.#moveTo((this.#next + 1) | 0);
    }
    const isWaiting = this.#next !== this.#unacknowledged || this.#out.length > 0;
    if (isWaiting && this.#resend === undefined) this.#startTimer();
  }

  #sendData(from: number, size: number): void {
    const sequence = (this.#unacknowledged + from) | 0;
    const isLast = from + size === this.#out.length;
    this.#send({ flags: ACK | (isLast ? PSH : 0), sequence, data: this.#out.subarray(from, from + size) });
    const end = (sequence + size) | 0;
    if (((end - this.#next) | 0) > 0) this.#moveTo(end);
  }

  /** The next octet that is sent for the first time. */
  #moveTo(next: number): void {
    this.#next = next;
    if (((next - this.#highest) | 0) > 0) this.#highest = next;
  }

  /** A SYN, or the answer to one. */
  #sendFirst(): void {
    const { mss, window } = this.#settings;
    const flags = this.#state === "asking" ? SYN : SYN | ACK;
    this.#send({ flags, sequence: this.#unacknowledged, mss, window });
  }

  /** All that is not acknowledged: at least an octet, which asks anew for a closed window. */
  #sendAnew(): void {
    if (!this.isOpen) return this.#sendFirst();
    this.#next = this.#unacknowledged;
    this.#recover = this.#highest;
    const size = Math.min(this.#mss, this.#out.length, Math.max(1, this.#theirWindow));
    if (size > 0) this.#sendData(0, size);
    this.#pump();
  }

  #stopTimer(): void {
    this.#resend?.cancel();
    this.#resend = undefined;
    this.#resends = 0;
  }

  #startTimer(): void {
    const { resendMs, resendSynMs, evenSynResends, mostResends, mostSynResends } = this.#settings;
    const firstMs = this.isOpen ? resendMs : resendSynMs;
    const most = this.isOpen ? mostResends : mostSynResends;
    const doublings = Math.max(0, this.#resends - (this.#state === "asking" ? evenSynResends : 0));
    const delayMs = Math.min(firstMs * 2 ** doublings, LONGEST_MS);
    this.#resend = this.#owner.clock.after(delayMs, () => {
      if (this.#unheard === most) return this.#fail("silent");
      this.#resends++;
      this.#unheard++;
      this.#resend = undefined;
      this.#sendAnew();
      if (this.#resend === undefined) this.#startTimer();
    });
  }

  /** Once for all segments that are there. */
  #acknowledge(): void {
    if (this.#mustAcknowledge) return;
    this.#mustAcknowledge = true;
    this.#owner.later(() => {
      if (this.#mustAcknowledge && this.#state === "open") {
        this.#send({ flags: ACK, sequence: this.#highest });
      }
    });
  }

  #send(segment: Outgoing): void {
    const isOurs = (segment.flags & ACK) !== 0;
    if (isOurs) this.#mustAcknowledge = false;
    this.#owner.send({
      ...(isOurs ? { acknowledgment: this.#expected, window: (this.#edge - this.#expected) | 0 } : {}),
      ...segment,
    });
  }

  #fail(why: TcpFailure): void {
    this.#stop();
    this.#owner.failed(why);
  }

  #stop(): void {
    this.#stopTimer();
    this.#state = "over";
  }
}
