/**
 * A question to a name server and its answer, RFC 1035 section 4.
 *
 *     header (12)      id, flags, number of questions, answers, authorities, additional records
 *     question         name, type (2), class (2)
 *     answers          name, type (2), class (2), time to live (4), length (2), data
 *
 * A name is labels, each with its length before it, and an octet 0; or ends in a pointer to where the rest stands.
 */

import type { Probe } from "../config/meaning.ts";
import { ipOf } from "../wire/address.ts";

const RECORDS: Readonly<Record<Probe["record"], number>> = { A: 1, NS: 2, SOA: 6, MX: 15, TXT: 16, AAAA: 28 };

const HEADER = 12;
const INTERNET = 1;
const RECURSION_DESIRED = 0x0100;
const IS_ANSWER = 0x8000;
const RCODE = 0x000f;
const POINTER = 0xc0;

/** RFC 1035 section 4.1.1, RFC 2136 section 2.2. */
const RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

/** `name` as people write it, with or without the dot at its end. */
export function dnsQuery(id: number, name: string, record: Probe["record"]): Uint8Array {
  return Uint8Array.from([
    ...[id >>> 8, id & 255, RECURSION_DESIRED >>> 8, 0, 0, 1, 0, 0, 0, 0, 0, 0],
    ...questionOf(name, record),
  ]);
}

function questionOf(name: string, record: Probe["record"]): number[] {
  const labels = name.replace(/\.$/, "").split(".").filter((label) => label !== "");
  return [
    ...labels.flatMap((label) => [label.length, ...Buffer.from(label, "latin1")]),
    ...[0, 0, RECORDS[record], 0, INTERNET],
  ];
}

/**
 * `right`; undefined when it does not answer this question; else what is wrong with it, such as `with SERVFAIL`. `wanted` is an address
 * that one of the answers must have.
 */
export function judgeDns(
  message: Uint8Array,
  id: number,
  name: string,
  record: Probe["record"],
  wanted: string | undefined,
): "right" | string | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const question = questionOf(name, record);
  const isOurs = message.length >= HEADER + question.length && view.getUint16(0) === id &&
    (view.getUint16(2) & IS_ANSWER) !== 0 && view.getUint16(4) === 1 &&
    question.every((octet, index) => lowerCase(message[HEADER + index]!) === lowerCase(octet));
  if (!isOurs) return undefined;
  const rcode = view.getUint16(2) & RCODE;
  if (rcode !== 0) return `with ${RCODES[rcode] ?? `code ${rcode}`}`;
  if (wanted === undefined) return "right";
  return addressesIn(view, HEADER + question.length, view.getUint16(6), RECORDS[record]).includes(wanted)
    ? "right"
    : `without the address ${wanted}`;
}

/** Of these answers, as far as they are whole. */
function addressesIn(view: DataView, first: number, count: number, type: number): string[] {
  const found: string[] = [];
  let at = first;
  for (let left = count; left > 0; left--) {
    at = behindName(view, at);
    if (at + 10 > view.byteLength) break;
    const [isType, size] = [view.getUint16(at) === type, view.getUint16(at + 8)];
    const data = at + 10;
    at = data + size;
    if (at > view.byteLength) break;
    if (isType && (size === 4 || size === 16)) {
      found.push(ipOf(new Uint8Array(view.buffer, view.byteOffset + data, size)));
    }
  }
  return found;
}

function behindName(view: DataView, first: number): number {
  let at = first;
  while (at < view.byteLength) {
    const size = view.getUint8(at);
    if (size >= POINTER) return at + 2;
    at += 1 + size;
    if (size === 0) break;
  }
  return at;
}

function lowerCase(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}
