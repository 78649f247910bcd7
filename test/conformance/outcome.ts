/** What a router made of a packet, in words that do not depend on its own addresses. */

import * as f from "../frames.ts";
import type { RouterUnderTest } from "./cases.ts";

/** `nothing`, or what it sent: forwarded with what changed, or an answer with all that matters in it. */
export function describeOutcome(
  sent: readonly string[],
  original: Uint8Array,
  router: RouterUnderTest,
): string {
  return sent.map((hex) => describeFrame(Uint8Array.from(Buffer.from(hex, "hex")), original, router)).join(
    "; ",
  ) || "nothing";
}

function describeFrame(frame: Uint8Array, original: Uint8Array, router: RouterUnderTest): string {
  if (isTagged(original)) return describeFrame(frame, withoutTag(original), router);
  if (isTagged(frame)) {
    return `${describeFrame(withoutTag(frame), original, router)}, priority ${frame[14]! >>> 5}`;
  }
  return frame[12] === 8 ? describe4(frame, original, router) : describe6(frame, original, router);
}

function isTagged(frame: Uint8Array): boolean {
  return frame[12] === 0x81 && frame[13] === 0;
}

function withoutTag(frame: Uint8Array): Uint8Array {
  return Uint8Array.from([...frame.slice(0, 12), ...frame.slice(16)]);
}

function describe4(frame: Uint8Array, original: Uint8Array, router: RouterUnderTest): string {
  const total = (frame[16]! << 8) | frame[17]!;
  const packet = [...frame.slice(14, 14 + total)];
  const header = (packet[0]! & 15) * 4;
  const wrong = f.checksum(packet.slice(0, header)) === 0 ? "" : ", wrong header checksum";
  const isOwn = packet.slice(12, 16).join(".") === router.ip;
  const sent = [...original.slice(14, 14 + total)];
  const isSame = packet.slice(12).join() === sent.slice(12).join() && packet.length === sent.length;
  if (isSame && !isOwn) return `forwarded, TTL ${packet[8]}${wrong}`;
  const changed = packet.slice(16, 20).join() === [...original.slice(30, 34)].join();
  if (changed && !isOwn) return `forwarded and changed, TTL ${packet[8]}, ${packet.length} octets`;
  const payload = packet.slice(header);
  if (packet[9] === 6) {
    return describeTcp(payload, [...packet.slice(12, 20), 0, 6, ...f.u16(payload.length)]) + wrong;
  }
  const checked = f.checksum(payload) === 0 ? "" : ", wrong ICMP checksum";
  return describeIcmp(payload, [...original.slice(14)], `TOS ${packet[1]! & 0xe0}`) + wrong + checked;
}

function describe6(frame: Uint8Array, original: Uint8Array, router: RouterUnderTest): string {
  const total = 40 + ((frame[18]! << 8) | frame[19]!);
  const packet = [...frame.slice(14, 14 + total)];
  const isOwn = packet.slice(8, 24).join() === f.ip6(router.ip6).join();
  const sent = [...original.slice(14, 14 + total)];
  if (!isOwn && packet.slice(8).join() === sent.slice(8).join()) return `forwarded, TTL ${packet[7]}`;
  const payload = packet.slice(40);
  const pseudo = [...packet.slice(8, 40), ...f.u32(payload.length), 0, 0, 0, packet[6]!];
  if (packet[6] === 6) return describeTcp(payload, pseudo);
  const checked = f.checksum([...pseudo, ...payload]) === 0 ? "" : ", wrong ICMPv6 checksum";
  if (payload[0] === 136) {
    return `advertisement, flags ${payload[4]! & 0xe0}, ${payload.length} octets${checked}`;
  }
  return describeIcmp(payload, [...original.slice(14)], isOwn ? "from itself" : "from another") + checked;
}

function describeTcp(segment: f.Octets, pseudo: f.Octets): string {
  const checked = f.checksum([...pseudo, ...segment]) === 0 ? "" : ", wrong TCP checksum";
  return `reset ${f.hex(segment.slice(4, 14))}, ${segment.length} octets${checked}`;
}

function describeIcmp(message: f.Octets, original: f.Octets, more: string): string {
  const [type, code] = message;
  const rest = f.hex(message.slice(4, 8));
  const data = message.slice(8);
  const isQuote = data.join() === original.slice(0, data.length).join();
  return `ICMP ${type}/${code}, ${rest}, ${isQuote ? "quotes" : "carries"} ${data.length} octets, ${more}`;
}
