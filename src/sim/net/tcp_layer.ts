/** A machine's TCP: its connections, those that it waits for, and the resets that answer what is of none. */

import type { Outgoing, TcpSettings } from "../../health/tcp_connection.ts";
import { readSegment, type Segment, writeSegment } from "../../health/tcp_segment.ts";
import { addressesOf, IpFrames } from "../../link/ip_frames.ts";
import { turnRound4 } from "../../path/answer4.ts";
import { turnRound6 } from "../../path/answer6.ts";
import type { Packet } from "../../path/packet.ts";
import type { Clock } from "../../system/clock.ts";
import * as hash from "../../table/hash.ts";
import { isIpv6 } from "../../wire/address.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as icmp from "../../wire/icmpv4.ts";
import * as icmpv6 from "../../wire/icmpv6.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import * as ipv6 from "../../wire/ipv6.ts";
import * as tcp from "../../wire/tcp.ts";
import * as transport from "../../wire/transport.ts";
import { type ConnectionHost, type Ends, HostConnection, type Program } from "./host_connection.ts";
import type { HeardError, IpLayer } from "./ip_layer.ts";

/** As Linux has them: tcp_syn_retries and tcp_syn_linear_timeouts, tcp_synack_retries for a SYN that was answered, tcp_retries2, and an initial window of 10 segments. */
const WINDOW = 0xffff;
const MOST_UNDER_WAY = 14_600;
const RESEND_MS = 200;
const RESEND_SYN_MS = 1000;
const MOST_RESENDS = 15;
const EVEN_SYN_RESENDS = 4;
const MOST_SYN_RESENDS = 6 + EVEN_SYN_RESENDS;
const MOST_ANSWER_RESENDS = 5;

/** So long it answers a FIN that comes again: TCP_TIMEWAIT_LEN. */
const TIME_WAIT_MS = 60_000;

/** net.ipv4.ip_local_port_range. */
const FIRST_PORT = 32_768;
const PORTS = 60_999 - FIRST_PORT + 1;
/** Connections of a machine, those in TIME-WAIT included. */
const MOST_CONNECTIONS = 16_384;

/** Of a frame whose header is written later. */
const NOWHERE = { high: 0, low: 0 };

/** What a server does with a connection, once it is open. */
export type Accept = (connection: HostConnection) => Program;

export class TcpLayer implements ConnectionHost {
  readonly clock: Clock;
  /** Told of each connection when its SYN goes out or comes in, when it is open, and when it is over. */
  changes: ((connection: HostConnection) => void) | undefined;
  /** SYNs for which there was no room, and resets that were sent. */
  overflows = 0;
  resets = 0;
  readonly #ip: IpLayer;
  readonly #seed: number;
  readonly #frames = new IpFrames({ mac: NOWHERE, vlan: undefined, addresses: [] });
  readonly #services = new Map<number, Accept>();
  /** By both ports, ours first. */
  readonly #byPorts = new Map<number, HostConnection[]>();
  #size = 0;
  #asked = 0;
  #nextPort: number;
  /** What is to be done when a segment has been heard. */
  #later: (() => void)[] = [];
  #isHearing = false;

  constructor(ip: IpLayer, clock: Clock, seed: number) {
    this.#ip = ip;
    this.clock = clock;
    this.#seed = seed;
    this.#nextPort = (seed >>> 0) % PORTS;
  }

  /** Connections, those in TIME-WAIT included. */
  get size(): number {
    return this.#size;
  }

  get connections(): HostConnection[] {
    return [...this.#byPorts.values()].flat();
  }

  /** Takes connections to a port, at all addresses of the machine. */
  listen(port: number, accept: Accept): void {
    this.#services.set(port, accept);
  }

  /** The program has ended: nobody listens, and its connections get a FIN, or a reset where it had not read all. */
  stopListening(port: number): void {
    this.#services.delete(port);
    for (const connection of this.connections) {
      if (connection.isPassive && connection.ends.localPort === port) connection.close();
    }
  }

  /** Undefined where no address leads there, or no port is free. */
  connect(remote: string, remotePort: number, from?: string): HostConnection | undefined {
    const local = from ?? this.#ip.sourceFor(remote);
    const localPort = this.#freePort(remotePort);
    if (local === undefined || localPort === undefined || this.#size === MOST_CONNECTIONS) return undefined;
    return this.#make({ local, localPort, remote, remotePort }, undefined);
  }

  #make(ends: Ends, syn: Required<Segment> | undefined): HostConnection {
    const header = isIpv6(ends.remote) ? ipv6.HEADER : ipv4.HEADER;
    const settings: TcpSettings = {
      window: WINDOW,
      mostUnderWay: MOST_UNDER_WAY,
      mss: this.#ip.linkMtuTo(ends.remote) - header - tcp.HEADER,
      resendMs: RESEND_MS,
      resendSynMs: RESEND_SYN_MS,
      evenSynResends: EVEN_SYN_RESENDS,
      mostResends: MOST_RESENDS,
      mostSynResends: syn === undefined ? MOST_SYN_RESENDS : MOST_ANSWER_RESENDS,
    };
    const sequence = hash.ofWords(this.#asked++, (this.clock.now() * 1000) | 0, this.#seed);
    const connection = new HostConnection(this, ends, settings, sequence, syn);
    const ports = (ends.localPort << 16) | ends.remotePort;
    const same = this.#byPorts.get(ports);
    if (same === undefined) this.#byPorts.set(ports, [connection]);
    else same.push(connection);
    this.#size++;
    this.changes?.(connection);
    return connection;
  }

  /** A packet with a right checksum, to an address of ours. */
  hear(packet: Packet): void {
    const connection = this.#find(packet);
    const segment = readSegment(packet);
    this.#isHearing = true;
    const isNew = tcp.isSyn(segment.flags);
    const accept = this.#services.get(segment.dstPort);
    const isOurs = connection !== undefined && !(isNew && connection.isOver) && connection.hear(segment);
    if (!isOurs) {
      if (isNew && accept !== undefined && (connection === undefined || connection.isOver)) {
        if (connection !== undefined) this.#remove(connection);
        this.#accept(packet, segment, accept);
      } else if (!(connection?.lingers ?? false)) this.#reset(packet, segment.flags);
    }
    this.#isHearing = false;
    if (this.#later.length > 0) { for (const call of this.#later.splice(0)) call(); }
  }

  #accept(packet: Packet, syn: Required<Segment>, accept: Accept): void {
    if (this.#size === MOST_CONNECTIONS) return void this.overflows++;
    const [remote, local] = addressesOf(packet);
    const connection = this.#make(
      { local, localPort: syn.dstPort, remote, remotePort: syn.srcPort },
      syn,
    );
    connection.program = {
      opened: () => {
        connection.program = accept(connection);
        connection.program.opened?.();
      },
    };
  }

  /** RFC 9293 section 3.10.7.1: what is of no connection is answered by a reset, unless it is one. */
  #reset(packet: Packet, flags: number): void {
    if ((flags & tcp.RST) !== 0) return;
    const { frame, bytes, upper, upperLength, isIpv6 } = packet;
    this.resets++;
    tcp.turnReset(frame, upper, upperLength, packet.pseudoHeaderSum(tcp.HEADER));
    const length = (isIpv6 ? turnRound6 : turnRound4)(packet, tcp.HEADER);
    this.#ip.send(bytes, ethernet.HEADER + length);
  }

  /** An ICMP error. False when it is about nothing that is under way. */
  hearError(error: HeardError): boolean {
    const { frame, sent, src, dst, type, code, mtu } = error;
    const ports = transport.bothPorts(frame, sent);
    const connection = this.#byPorts.get(ports)?.find(({ ends }) =>
      ends.local === src && ends.remote === dst
    );
    if (connection === undefined || !connection.isUnderWay(tcp.sequence(frame, sent))) return false;
    if (mtu > 0) {
      this.#fit(connection);
      return true;
    }
    const isRefusal = error.isIpv6
      ? type === icmpv6.DESTINATION_UNREACHABLE && code === icmpv6.PORT_UNREACHABLE
      : type === icmp.DESTINATION_UNREACHABLE && code === icmp.PORT_UNREACHABLE;
    connection.refuse(isRefusal ? "refused" : "unreachable");
    return true;
  }

  /** Power is gone. */
  forget(): void {
    for (const connection of this.connections) connection.forget();
    this.#byPorts.clear();
    this.#size = 0;
  }

  // What a connection wants.

  send(connection: HostConnection, segment: Outgoing): void {
    const { local: from, remote: to, localPort: srcPort, remotePort: dstPort } = connection.ends;
    const way = { from, to, mac: NOWHERE };
    const frame = writeSegment(this.#frames, way, { srcPort, dstPort, ...segment });
    const isSent = this.#ip.send(frame, frame.length);
    if (!isSent && frame.length - ethernet.HEADER > this.#ip.mtuTo(to)) this.#fit(connection);
  }

  /** The way has become narrower. */
  #fit(connection: HostConnection): void {
    const { remote } = connection.ends;
    const header = isIpv6(remote) ? ipv6.HEADER : ipv4.HEADER;
    this.clock.after(0, () => connection.narrow(this.#ip.mtuTo(remote) - header - tcp.HEADER));
  }

  later(call: () => void): void {
    if (this.#isHearing) this.#later.push(call);
    else call();
  }

  changed(connection: HostConnection): void {
    this.changes?.(connection);
    if (connection.lingers) this.clock.after(TIME_WAIT_MS, () => this.#remove(connection));
    else if (connection.isOver) this.#remove(connection);
  }

  #find({ frame, upper, src, dst, isIpv6 }: Packet): HostConnection | undefined {
    const ports = (transport.dstPort(frame, upper) << 16) | transport.srcPort(frame, upper);
    const same = this.#byPorts.get(ports);
    if (same === undefined) return undefined;
    for (const connection of same) {
      const { localOctets, remoteOctets } = connection;
      if (isAt(localOctets, frame, dst, isIpv6) && isAt(remoteOctets, frame, src, isIpv6)) return connection;
    }
    return undefined;
  }

  #remove(connection: HostConnection): void {
    const ports = (connection.ends.localPort << 16) | connection.ends.remotePort;
    const same = this.#byPorts.get(ports);
    const index = same?.indexOf(connection) ?? -1;
    if (index < 0) return;
    this.#size--;
    same!.splice(index, 1);
    if (same!.length === 0) this.#byPorts.delete(ports);
  }

  /** One from which no connection goes to that port. */
  #freePort(remotePort: number): number | undefined {
    for (let count = 0; count < PORTS; count++) {
      const port = FIRST_PORT + this.#nextPort;
      this.#nextPort = (this.#nextPort + 1) % PORTS;
      if (!this.#byPorts.has((port << 16) | remotePort)) return port;
    }
    return undefined;
  }
}

function isAt(octets: DataView, frame: DataView, at: number, isV6: boolean): boolean {
  if (octets.byteLength !== (isV6 ? 16 : 4)) return false;
  for (let word = 0; word < octets.byteLength; word += 4) {
    if (octets.getInt32(word) !== frame.getInt32(at + word)) return false;
  }
  return true;
}
