/** A TCP connection of a simulated host, as the program there has it, and what became of it. */

import {
  type Outgoing,
  TcpConnection,
  type TcpFailure,
  type TcpOwner,
  type TcpSettings,
} from "../../health/tcp_connection.ts";
import type { Segment } from "../../health/tcp_segment.ts";
import type { Clock } from "../../system/clock.ts";
import { viewOf } from "./address_map.ts";

/**
 * `refused`: a reset, or "port unreachable", in place of an answer. `unreachable`: another ICMP error. `timed-out`: nobody answers any
 * more. `aborted`: by ourselves.
 */
export type ConnectionState =
  | "connecting"
  | "open"
  | "closed"
  | "refused"
  | "reset"
  | "timed-out"
  | "unreachable"
  | "aborted";

/** Who asked whom. */
export interface Ends {
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
}

/** What a program does with it. */
export interface Program {
  opened?(): void;
  /** The octets may be the program's during the call only. */
  received?(data: Uint8Array): void;
  /** The other side has ended; ours is for the program to end. */
  ended?(): void;
  /** All that was written has arrived. */
  acknowledged?(): void;
  /** See `state`. Nothing comes after this. */
  over?(): void;
}

/** The host's TCP, as a connection knows it. */
export interface ConnectionHost {
  readonly clock: Clock;
  send(connection: HostConnection, segment: Outgoing): void;
  later(call: () => void): void;
  /** It came to be open, or it is over. */
  changed(connection: HostConnection): void;
}

/** So long a connection without a program waits for the other side to end: tcp_fin_timeout. */
const ORPHAN_MS = 60_000;

export class HostConnection implements TcpOwner {
  readonly ends: Ends;
  /** The other side has asked. */
  readonly isPassive: boolean;
  readonly localOctets: DataView;
  readonly remoteOctets: DataView;
  program: Program = {};
  state: ConnectionState = "connecting";
  /** Octets of theirs that came, and of ours that were written. */
  heard = 0;
  written = 0;
  /** Nothing is read: their octets fill the window, and then they must wait. */
  #isPaused = false;
  #unread: Uint8Array[] = [];
  #isEnding = false;
  #isClosed = false;
  /** We have ended before they had: then a FIN of theirs may come again. */
  #endedFirst = false;
  readonly #host: ConnectionHost;
  readonly #tcp: TcpConnection;

  /** `syn`: what the other side has asked with; undefined: we ask. */
  constructor(
    host: ConnectionHost,
    ends: Ends,
    settings: TcpSettings,
    sequence: number,
    syn: Required<Segment> | undefined,
  ) {
    this.#host = host;
    this.ends = ends;
    this.isPassive = syn !== undefined;
    this.localOctets = viewOf(ends.local);
    this.remoteOctets = viewOf(ends.remote);
    this.#tcp = syn === undefined
      ? TcpConnection.ask(this, settings, sequence)
      : TcpConnection.answer(this, settings, sequence, syn);
  }

  // What a program does.

  /** The octets must stay as they are. */
  write(data: Uint8Array): void {
    if (this.isOver) return;
    this.written += data.length;
    this.#tcp.write(data);
  }

  /** Nothing more of ours will come. */
  end(): void {
    if (this.isOver || this.#isEnding) return;
    this.#isEnding = true;
    this.#endedFirst = !this.#tcp.hasHeardFin;
    this.#tcp.end();
  }

  /** The program is gone, or wants nothing more: what is written still goes out, and what comes is answered by a reset. */
  close(): void {
    if (this.isOver) return;
    if (this.#unread.length > 0) return this.abort();
    if (this.state === "connecting") {
      // Nobody has heard of it yet, and nobody hears that it is gone.
      this.#tcp.forget();
      return this.#become("aborted");
    }
    this.#isClosed = true;
    this.program = {};
    this.end();
    this.#host.clock.after(ORPHAN_MS, () => this.#giveUp());
  }

  /** Nobody here has it any more, and the other side does not end. */
  #giveUp(): void {
    if (this.isOver) return;
    this.#tcp.forget();
    this.#become("closed");
  }

  /** Ends it at once: the other side gets a reset. */
  abort(): void {
    if (this.isOver) return;
    this.#tcp.abort();
    this.#become("aborted");
  }

  /** Reads nothing for now. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    for (const data of this.#unread.splice(0)) this.program.received?.(data);
    this.#tcp.takeMore();
  }

  get isOver(): boolean {
    return this.state !== "connecting" && this.state !== "open";
  }

  /** It is over, and may yet have to answer a FIN: TIME-WAIT. */
  get lingers(): boolean {
    return this.state === "closed" && this.#endedFirst;
  }

  // What the host does.

  hear(segment: Required<Segment>): boolean {
    const isOurs = this.#tcp.hear(segment);
    if (!this.isOver && this.#tcp.isOver) this.#become("closed");
    return isOurs;
  }

  /** Is an ICMP error about this sequence number about what is under way? */
  isUnderWay(sequence: number): boolean {
    return !this.isOver && this.#tcp.isUnderWay(sequence);
  }

  /** An ICMP error. An open connection waits: it may be of a moment (RFC 1122 section 4.2.3.9). */
  refuse(state: "refused" | "unreachable"): void {
    if (this.state !== "connecting") return;
    this.#tcp.forget();
    this.#become(state);
  }

  narrow(mss: number): void {
    this.#tcp.narrow(mss);
  }

  /** The machine is gone, and nobody is told. */
  forget(): void {
    this.#tcp.forget();
    if (!this.isOver) this.state = "aborted";
  }

  // What the connection tells.

  get clock(): Clock {
    return this.#host.clock;
  }

  send(segment: Outgoing): void {
    this.#host.send(this, segment);
  }

  later(call: () => void): void {
    this.#host.later(call);
  }

  opened(): void {
    this.state = "open";
    this.#host.changed(this);
    this.program.opened?.();
  }

  received(data: Uint8Array): boolean {
    this.heard += data.length;
    if (this.#isClosed) this.abort();
    else if (this.#isPaused) this.#unread.push(data.slice());
    else this.program.received?.(data);
    return !this.#isPaused;
  }

  ended(): void {
    this.program.ended?.();
  }

  acknowledged(): void {
    this.program.acknowledged?.();
  }

  failed(why: TcpFailure): void {
    this.#become(why === "silent" ? "timed-out" : why);
  }

  #become(state: ConnectionState): void {
    this.state = state;
    this.#host.changed(this);
    this.program.over?.();
  }
}
