/** A segment in memory: machines that answer ARP and IPv4 as they are told to be, for tests of what asks them. */

import * as f from "../frames.ts";

export interface Machine {
  readonly mac: string;
  readonly ip: string;
  /** Has these addresses too. */
  readonly aliases?: readonly string[];
  /** Answers ARP requests for these. */
  readonly answersFor?: readonly string[];
  /** Answers them for another machine: not to one that names no address. */
  readonly isProxy?: boolean;
  /** Open ports by address. */
  readonly open?: Readonly<Record<string, readonly number[]>>;
  /** Is a router as well, and says with this code of ICMP that it cannot pass on IP packets to these. */
  readonly unreachable?: { readonly code: number; readonly to: readonly string[] };
  /** Drops IP packets to these. */
  readonly drops?: readonly string[];
  /** Answers IP from this address, whatever it was asked at. */
  readonly source?: string;
  /** Before it answers for the first time it asks for our MAC under this address. */
  readonly asksAs?: string;
}

type Frame = Uint8Array<ArrayBuffer>;

export class Segment {
  /** What was sent into it. */
  readonly sent: Frame[] = [];
  readonly #machines: readonly Machine[];
  readonly #deliver: (frame: Frame) => void;

  constructor(machines: readonly Machine[], deliver: (frame: Frame) => void) {
    this.#machines = machines;
    this.#deliver = deliver;
  }

  send(frame: Frame): void {
    this.sent.push(frame);
    const dst = f.hex(frame.slice(0, 6)).replaceAll(" ", ":");
    const way = wayOf(frame);
    for (const machine of this.#machines) {
      if (dst !== machine.mac && dst !== f.MAC.broadcast) continue;
      for (const answer of answersOf(machine, frame, way)) queueMicrotask(() => this.#deliver(answer));
    }
  }
}

/** From whom to whom, by ARP or by IPv4. */
type Way = readonly [string, string];

function wayOf(frame: Frame): Way {
  return typeOf(frame) === f.ETHERTYPE.arp
    ? [dotted(frame, 28), dotted(frame, 38)]
    : [dotted(frame, 26), dotted(frame, 30)];
}

function typeOf(frame: Frame): number {
  return frame[12]! << 8 | frame[13]!;
}

function answersOf(machine: Machine, frame: Frame, way: Way): Frame[] {
  if (typeOf(frame) === f.ETHERTYPE.arp) return answerArp(machine, way);
  return typeOf(frame) === f.ETHERTYPE.ipv4 ? answerIp(machine, frame, way) : [];
}

function answerArp(machine: Machine, [asker, target]: Way): Frame[] {
  const isNobody = asker === "0.0.0.0";
  const isAlias = machine.answersFor?.includes(target) && !(machine.isProxy && isNobody);
  if (target !== machine.ip && !isAlias) return [];
  const reply = f.arp({
    operation: 2,
    senderMac: machine.mac,
    senderIp: target,
    targetMac: f.MAC.dispatcher,
    targetIp: asker,
  });
  return [f.ethernet(reply, { src: machine.mac, type: f.ETHERTYPE.arp })];
}

function answerIp(machine: Machine, frame: Frame, [src, dst]: Way): Frame[] {
  const view = new DataView(frame.buffer);
  if (machine.unreachable?.to.includes(dst)) {
    const error = f.icmp(3, machine.unreachable.code, [...frame.slice(14, 42)]);
    const packet = f.ipv4(error, { src: machine.ip, dst: src, protocol: f.PROTOCOL.icmp });
    return [f.ethernet(packet, { src: machine.mac })];
  }
  const isHere = dst === machine.ip || machine.aliases?.includes(dst);
  if (!isHere || machine.drops?.includes(dst)) return [];
  const back = { src: machine.source ?? dst, dst: src };
  const question = machine.asksAs === undefined ? [] : [
    f.ethernet(f.arp({ senderMac: machine.mac, senderIp: machine.asksAs, targetIp: src }), {
      src: machine.mac,
      dst: f.MAC.broadcast,
      type: f.ETHERTYPE.arp,
    }),
  ];
  const send = (payload: f.Octets, protocol: number) => [
    ...question,
    f.ethernet(f.ipv4(payload, { ...back, protocol }), { src: machine.mac }),
  ];
  if (frame[23] === f.PROTOCOL.icmp) return send(f.icmp(0, 0, [], [...frame.slice(38, 42)]), f.PROTOCOL.icmp);
  const [port, srcPort] = [view.getUint16(34), view.getUint16(36)];
  const isOpen = machine.open?.[dst]?.includes(srcPort) ?? false;
  const isReset = ((frame[47] ?? 0) & 4) !== 0;
  const acknowledgment = (view.getUint32(38) + 1) >>> 0;
  return isReset
    ? []
    : send(f.tcp({ ...back, srcPort, port, acknowledgment, flags: isOpen ? 0x12 : 0x14 }), 6);
}

function dotted(frame: Frame, at: number): string {
  return [...frame.slice(at, at + 4)].join(".");
}
