/** A server's side of TCP in memory, plain enough to see that it is right: an oracle for the prober's side. */

import type { Clock } from "../../src/system/clock.ts";
import type * as f from "../frames.ts";
import { type Asked, askedIn, type Backend, FLAGS, isFor, tcpTo } from "./segment.ts";

type Frame = Uint8Array<ArrayBuffer>;

const RESEND_MS = 200;
const MSS = 1000;
const FIRST = 0xffff_fff0;

export interface Connection {
  /** All that has come so far. */
  received: number[];
  hasEnded: boolean;
  send(octets: Iterable<number>): void;
  end(): void;
  reset(): void;
}

/** What a server does with each connection; called whenever something new has come, and first when it is accepted. */
export type Serve = (connection: Connection) => void;

export interface Wire {
  readonly clock: Clock;
  /** Brings a frame to the prober. */
  deliver(frame: Frame): void;
  /** Is the next frame, of either side, lost? */
  isLost(): boolean;
}

export class TcpServer {
  readonly backend: Backend;
  readonly connections: ServerConnection[] = [];
  readonly #wire: Wire;
  readonly #serve: Serve;
  readonly #byPort = new Map<number, ServerConnection>();

  constructor(backend: Backend, wire: Wire, serve: Serve) {
    this.backend = backend;
    this.#wire = wire;
    this.#serve = serve;
  }

  /** Brings a frame to the prober. */
  deliver(frame: Frame): void {
    this.#wire.deliver(frame);
  }

  /** A frame of the prober's. */
  hear(frame: Frame): void {
    if (!isFor(this.backend, frame) || this.#wire.isLost()) return;
    const asked = askedIn(frame);
    const { view } = asked;
    const flags = view.getUint8(13);
    const port = view.getUint16(0);
    if ((flags & FLAGS.syn) !== 0 && !this.#byPort.has(port)) {
      const connection = new ServerConnection(this, asked, this.#wire, this.#serve);
      this.#byPort.set(port, connection);
      this.connections.push(connection);
    }
    this.#byPort.get(port)?.hear(asked);
    if ((flags & FLAGS.rst) !== 0) this.#byPort.delete(port);
  }
}

export class ServerConnection implements Connection {
  received: number[] = [];
  hasEnded = false;
  wasReset = false;
  readonly #server: TcpServer;
  readonly #peer: Asked;
  readonly #wire: Wire;
  readonly #serve: Serve;
  /** Not acknowledged yet, from `#una` on; the SYN and the FIN are an octet each that is not here. */
  #out: number[] = [];
  /** Of these. */
  #sent = 0;
  #hasSentFin = false;
  #una = FIRST;
  #isAccepted = false;
  #isEnding = false;
  #isFinAcked = false;
  #expected: number;
  #theirWindow: number;
  #isOver = false;

  constructor(server: TcpServer, asked: Asked, wire: Wire, serve: Serve) {
    this.#server = server;
    this.#peer = asked;
    this.#wire = wire;
    this.#serve = serve;
    this.#expected = (asked.view.getUint32(4) + 1) >>> 0;
    this.#theirWindow = asked.view.getUint16(14);
    this.#again();
  }

  send(octets: Iterable<number>): void {
    for (const octet of octets) this.#out.push(octet);
    this.#pump();
  }

  end(): void {
    this.#isEnding = true;
    this.#pump();
  }

  reset(): void {
    this.#isOver = true;
    this.#emit({ flags: FLAGS.rst | FLAGS.ack, sequence: this.#una });
  }

  hear({ view, upper }: Asked): void {
    if (this.#isOver) return;
    const flags = view.getUint8(13);
    if ((flags & FLAGS.rst) !== 0) {
      this.#isOver = this.wasReset = true;
      return;
    }
    if ((flags & FLAGS.syn) !== 0) return this.#emit({ flags: FLAGS.syn | FLAGS.ack, sequence: FIRST });
    this.#theirWindow = view.getUint16(14);
    this.#hearAcknowledgment(view.getUint32(8));
    const data = [...upper.slice((view.getUint8(12) >> 4) * 4)];
    const isFin = (flags & FLAGS.fin) !== 0;
    const isNew = view.getUint32(4) === this.#expected && (data.length > 0 || isFin) && !this.hasEnded;
    if (isNew) {
      this.received.push(...data);
      this.#expected = (this.#expected + data.length + (isFin ? 1 : 0)) >>> 0;
      this.hasEnded = isFin;
      this.#serve(this);
    }
    if (data.length > 0 || isFin) this.#emit({ flags: FLAGS.ack, sequence: this.#una });
    this.#pump();
  }

  #hearAcknowledgment(acknowledgment: number): void {
    let newly = (acknowledgment - this.#una) | 0;
    if (newly <= 0) return;
    this.#una = acknowledgment;
    if (!this.#isAccepted) {
      this.#isAccepted = true;
      newly--;
      this.#serve(this);
    }
    if (newly > this.#out.length) this.#isFinAcked = true;
    this.#sent = Math.max(0, this.#sent - newly);
    this.#out.splice(0, newly);
  }

  /** Sends what the window allows and was not sent yet. */
  #pump(): void {
    if (!this.#isAccepted || this.#isOver) return;
    while (this.#sent < Math.min(this.#out.length, this.#theirWindow)) {
      const data = this.#out.slice(this.#sent, Math.min(this.#sent + MSS, this.#theirWindow));
      this.#emit({ flags: FLAGS.ack, sequence: (this.#una + this.#sent) >>> 0, data });
      this.#sent += data.length;
    }
    if (this.#isEnding && !this.#hasSentFin && this.#sent === this.#out.length && !this.#isFinAcked) {
      this.#hasSentFin = true;
      this.#emit({ flags: FLAGS.ack | FLAGS.fin, sequence: (this.#una + this.#sent) >>> 0 });
    }
  }

  /** All again that is not acknowledged, and an octet at least. */
  #pumpAgain(): void {
    this.#sent = 0;
    this.#hasSentFin = false;
    if (this.#theirWindow === 0 && this.#out.length > 0) {
      this.#emit({ flags: FLAGS.ack, sequence: this.#una, data: this.#out.slice(0, 1) });
    }
    this.#pump();
  }

  #again(): void {
    this.#wire.clock.after(RESEND_MS, () => {
      if (this.#isOver || (this.#isFinAcked && this.hasEnded)) return;
      if (!this.#isAccepted) this.#emit({ flags: FLAGS.syn | FLAGS.ack, sequence: FIRST });
      else if (this.#out.length > 0 || (this.#isEnding && !this.#isFinAcked)) this.#pumpAgain();
      this.#again();
    });
  }

  #emit(options: f.TcpOptions): void {
    const segment = tcpTo(this.#server.backend, this.#peer, { acknowledgment: this.#expected, ...options });
    if (!this.#wire.isLost()) this.#wire.deliver(segment);
  }
}
