/**
 * What the kernel lists and changes of this network namespace when it is asked over rtnetlink(7). A message, and each attribute in it:
 *
 *      0        4      6       8     12    16                          0        2      4
 *     +--------+------+-------+-----+-----+--------+------------+     +--------+------+---------+
 *     | length | type | flags | seq | pid | header | attributes |     | length | type | payload |   padded to 4 octets
 *     +--------+------+-------+-----+-----+--------+------------+     +--------+------+---------+
 *
 * Lengths count from the first octet. Host byte order, little-endian.
 */

import { describeErrno } from "./errno.ts";
import { libc } from "./libc.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLM_F_DUMP = 0x300;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const HEADER = 16;
const ATTRIBUTE = 4;
/** Without the flags for nesting and byte order. */
const ATTRIBUTE_TYPE = 0x3fff;
/** The kernel puts as many messages into one answer as fit into 32 KiB. */
const ANSWER = 1 << 16;

/** The messages, each from its own header on, that answer a request of this type. */
export function dump(type: number, headerLength: number): DataView[] {
  return ask(type, NLM_F_DUMP, new Uint8Array(headerLength), readAll);
}

/** Asks for a change; the payload is the type's own header and attributes. Returns 0 or the negative error number. */
export function change(type: number, payload: Uint8Array): number {
  return ask(type, NLM_F_ACK, payload, (socket) => {
    const answer = new Uint8Array(HEADER + payload.length + 64);
    return libc.read(socket, answer, answer.length) < 0
      ? -libc.errno()
      : new DataView(answer.buffer).getInt32(HEADER, true);
  });
}

function ask<T>(type: number, flags: number, payload: Uint8Array, answerOn: (socket: number) => T): T {
  const socket = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (socket < 0) throw new Error(`Cannot ask the kernel by netlink: ${describeErrno(libc.errno())}`);
  try {
    const request = new Uint8Array(HEADER + payload.length);
    const view = new DataView(request.buffer);
    view.setUint32(0, request.length, true);
    view.setUint16(4, type, true);
    view.setUint16(6, NLM_F_REQUEST | flags, true);
    request.set(payload, HEADER);
    libc.write(socket, request, request.length);
    return answerOn(socket);
  } finally {
    libc.close(socket);
  }
}

function readAll(socket: number): DataView[] {
  const found: DataView[] = [];
  for (;;) {
    const answer = new Uint8Array(ANSWER);
    const length = libc.read(socket, answer, answer.length);
    if (length <= 0) return found;
    for (let at = 0; at + HEADER <= length;) {
      const message = new DataView(answer.buffer, at);
      const size = message.getUint32(0, true);
      const type = message.getUint16(4, true);
      if (type === NLMSG_DONE || type === NLMSG_ERROR) return found;
      found.push(new DataView(answer.buffer, at + HEADER, size - HEADER));
      at += padded(size);
    }
  }
}

/** The payloads by type of the attributes from `at` on. */
export function attributes(view: DataView, at = 0): Map<number, DataView> {
  const found = new Map<number, DataView>();
  while (at + ATTRIBUTE <= view.byteLength) {
    const length = view.getUint16(at, true);
    const payload = new DataView(view.buffer, view.byteOffset + at + ATTRIBUTE, length - ATTRIBUTE);
    found.set(view.getUint16(at + 2, true) & ATTRIBUTE_TYPE, payload);
    at += padded(length);
  }
  return found;
}

/** An attribute of 32 bits. */
export function wordAttribute(type: number, value: number): Uint8Array {
  const octets = new Uint8Array(ATTRIBUTE + 4);
  const view = new DataView(octets.buffer);
  view.setUint16(0, octets.length, true);
  view.setUint16(2, type, true);
  view.setUint32(ATTRIBUTE, value, true);
  return octets;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
