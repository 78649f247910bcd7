/** Backends on a segment in memory, of either family, that answer a prober as they are told to be. */

import { ipOf } from "../../src/wire/address.ts";
import * as f from "../frames.ts";

export interface Backend {
  readonly mac: string;
  /** Cluster addresses that it has; all others it does not hear. */
  addresses: string[];
  /** TCP ports that are open; the others refuse. */
  open: number[];
  /** Drops everything but echo requests. */
  isFiltered?: boolean;
  /** Answers TCP and UDP with an ICMP error of this code. */
  rejectsWith?: number;
  /** Answers from this address, whatever it was asked at. */
  source?: string;
  /** Answers from this MAC. */
  answersAs?: string;
  /** What it answers to UDP. */
  udp?(data: Uint8Array, port: number): Uint8Array | undefined;
}

type Frame = Uint8Array<ArrayBuffer>;

/** What an IP packet asks. */
export interface Asked {
  readonly isIpv6: boolean;
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly upper: Frame;
  readonly view: DataView;
  readonly packet: f.Octets;
}

export const FLAGS = { fin: 1, syn: 2, rst: 4, ack: 16 } as const;

export function askedIn(frame: Frame): Asked {
  const isIpv6 = frame[12] === 0x86;
  const [src, header, size] = isIpv6 ? [22, 54, 16] : [26, 34, 4];
  const upper = frame.slice(header);
  return {
    isIpv6,
    from: ipOf(frame.subarray(src, src + size)),
    to: ipOf(frame.subarray(src + size, src + 2 * size)),
    protocol: frame[isIpv6 ? 20 : 23]!,
    upper,
    view: new DataView(upper.buffer),
    get packet() {
      return [...frame.subarray(14)];
    },
  };
}

export function isFor(backend: Backend, frame: Frame): boolean {
  return f.mac(backend.mac).every((octet, index) => octet === frame[index]);
}

/** The frames with which it answers one. */
export function answersOf(backend: Backend, frame: Frame): Frame[] {
  if (!isFor(backend, frame)) return [];
  const asked = askedIn(frame);
  if (!backend.addresses.includes(asked.to)) return [];
  if (asked.protocol === f.PROTOCOL.icmp || asked.protocol === 58) return [echoReply(backend, asked)];
  if (backend.isFiltered) return [];
  if (backend.rejectsWith !== undefined) return [unreachable(backend, asked, backend.rejectsWith)];
  return asked.protocol === f.PROTOCOL.tcp ? answerTcp(backend, asked) : answerUdp(backend, asked);
}

function echoReply(backend: Backend, asked: Asked): Frame {
  const rest = [...asked.upper.slice(4, 8)];
  const way = wayBack(backend, asked);
  return asked.isIpv6
    ? packet(backend, asked, f.icmpv6(129, 0, rest, [], way), 58)
    : packet(backend, asked, f.icmp(0, 0, [], rest), f.PROTOCOL.icmp);
}

function unreachable(backend: Backend, asked: Asked, code: number): Frame {
  const quoted = asked.packet.slice(0, asked.isIpv6 ? 48 : 28);
  return asked.isIpv6
    ? packet(backend, asked, f.icmpv6(1, code, [0, 0, 0, 0], quoted, wayBack(backend, asked)), 58)
    : packet(backend, asked, f.icmp(3, code, quoted), f.PROTOCOL.icmp);
}

function answerTcp(backend: Backend, asked: Asked): Frame[] {
  const { view } = asked;
  if ((view.getUint8(13) & FLAGS.syn) === 0) return [];
  const isOpen = backend.open.includes(view.getUint16(2));
  return [tcpTo(backend, asked, {
    flags: isOpen ? FLAGS.syn | FLAGS.ack : FLAGS.rst | FLAGS.ack,
    acknowledgment: (view.getUint32(4) + 1) >>> 0,
  })];
}

/** A segment back to who sent one. */
export function tcpTo(backend: Backend, asked: Asked, options: f.TcpOptions): Frame {
  const ports = { srcPort: asked.view.getUint16(2), port: asked.view.getUint16(0) };
  const segment = (asked.isIpv6 ? f.tcp6 : f.tcp)({ ...wayBack(backend, asked), ...ports, ...options });
  return packet(backend, asked, segment, f.PROTOCOL.tcp);
}

function answerUdp(backend: Backend, asked: Asked): Frame[] {
  const { view, upper, isIpv6 } = asked;
  const [srcPort, port] = [view.getUint16(0), view.getUint16(2)];
  if (backend.udp === undefined) return [unreachable(backend, asked, isIpv6 ? 4 : 3)];
  const answer = backend.udp(upper.slice(8), port);
  if (answer === undefined) return [];
  const datagram = isIpv6
    ? f.udp6([...answer], wayBack(backend, asked), port, srcPort)
    : f.udp([...answer], port, srcPort);
  return [packet(backend, asked, datagram, f.PROTOCOL.udp)];
}

function wayBack({ source }: Backend, { from, to }: Asked) {
  return { src: source ?? to, dst: from };
}

function packet(backend: Backend, asked: Asked, upper: f.Octets, protocol: number): Frame {
  const way = wayBack(backend, asked);
  const ip = asked.isIpv6 ? f.ipv6(upper, { ...way, next: protocol }) : f.ipv4(upper, { ...way, protocol });
  const type = asked.isIpv6 ? f.ETHERTYPE.ipv6 : f.ETHERTYPE.ipv4;
  return f.ethernet(ip, { src: backend.answersAs ?? backend.mac, type });
}
