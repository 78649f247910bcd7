/**
 * Every frame of a network namespace's interfaces, those that it sends as well as those that it receives: packet(7). What is read is a copy.
 *
 * recvmsg(2) gives a frame with its interface and direction (struct sockaddr_ll), the kernel's time, and the VLAN tag that it has taken out
 * (struct tpacket_auxdata). Structures as on 64-bit Linux, host byte order, little-endian.
 */

import * as ethernet from "../wire/ethernet.ts";
import { describeErrno } from "./errno.ts";
import { libc } from "./libc.ts";
import { attach, bind } from "./packet_socket.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const ETH_P_ALL = 0x0003;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;
const PACKET_AUXDATA = 8;
const MSG_TRUNC = 0x20;
const PACKET_OUTGOING = 4;
const VLAN_VALID = 0x10;

/** Octets of frames that wait here to be read, with what the kernel takes around them. */
const BUFFER = 32 << 20;

/** A super-frame with its header; before it there is room for a tag. */
const LONGEST = 65_536 + 256;

/** struct cmsghdr: length (8), level (4), type (4), then what it says. */
const CMSG = 16;

export class FrameSocket {
  readonly fd: number;
  /** The frame in hand is `length` octets from `at` on, of the `lengthOnWire` that it had. */
  readonly slot = new Uint8Array(ethernet.TAG + LONGEST);
  at = 0;
  length = 0;
  lengthOnWire = 0;
  /** Index of the interface. */
  index = 0;
  isOutgoing = false;
  /** Since 1970. */
  seconds = 0;
  nanoseconds = 0;

  readonly #view = new DataView(this.slot.buffer);
  readonly #address = new DataView(new ArrayBuffer(20));
  readonly #control = new DataView(new ArrayBuffer(128));
  readonly #message = new DataView(new ArrayBuffer(56));
  readonly #parts = new DataView(new ArrayBuffer(16));
  readonly #octets = this.slot.subarray(ethernet.TAG);

  /** Of the namespace in which this thread is. `filter` is a program of bpf.ts; without one it takes every frame. Throws. */
  constructor(filter?: Uint8Array<ArrayBuffer>) {
    // Of no type until it is bound, so that nothing comes before there is a filter.
    this.fd = libc.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.fd < 0) throw failure();
    this.#set(SOL_SOCKET, SO_RCVBUFFORCE, BUFFER);
    this.#set(SOL_SOCKET, SO_TIMESTAMPNS, 1);
    this.#set(SOL_PACKET, PACKET_AUXDATA, 1);
    if (filter !== undefined && attach(this.fd, filter) < 0) throw failure();
    if (bind(this.fd, 0, ETH_P_ALL) < 0) throw failure();
    this.#parts.setBigUint64(0, libc.addressOf(this.slot) + BigInt(ethernet.TAG), true);
    this.#parts.setBigUint64(8, BigInt(LONGEST), true);
    this.#message.setBigUint64(0, libc.addressOf(octetsOf(this.#address)), true);
    this.#message.setBigUint64(16, libc.addressOf(octetsOf(this.#parts)), true);
    this.#message.setBigUint64(24, 1n, true);
    this.#message.setBigUint64(32, libc.addressOf(octetsOf(this.#control)), true);
  }

  #set(level: number, name: number, value: number): void {
    libc.setsockopt(this.fd, level, name, octetsOf(new DataView(Int32Array.of(value).buffer)), 4);
  }

  /** Goes on to the next frame; false when none waits. */
  next(): boolean {
    const message = this.#message;
    message.setUint32(8, this.#address.byteLength, true);
    message.setBigUint64(40, BigInt(this.#control.byteLength), true);
    this.lengthOnWire = libc.recvmsg(this.fd, octetsOf(message), MSG_TRUNC);
    if (this.lengthOnWire <= 0) return false;
    this.at = ethernet.TAG;
    this.length = Math.min(this.lengthOnWire, this.#octets.length);
    this.index = this.#address.getInt32(4, true);
    this.isOutgoing = this.#address.getUint8(10) === PACKET_OUTGOING;
    this.#readControl(Number(message.getBigUint64(40, true)));
    return true;
  }

  #readControl(length: number): void {
    const control = this.#control;
    for (let at = 0; at + CMSG <= length;) {
      const [size, level, type] = [
        control.getUint32(at, true),
        control.getInt32(at + 8, true),
        control.getInt32(at + 12, true),
      ];
      if (size < CMSG) break;
      if (level === SOL_SOCKET && type === SO_TIMESTAMPNS) {
        this.seconds = Number(control.getBigInt64(at + CMSG, true));
        this.nanoseconds = control.getUint32(at + CMSG + 8, true);
      }
      if (
        level === SOL_PACKET && type === PACKET_AUXDATA &&
        (control.getUint32(at + CMSG, true) & VLAN_VALID) !== 0
      ) {
        this.#insertTag(control.getUint16(at + CMSG + 16, true));
      }
      at += (size + 7) & ~7;
    }
  }

  #insertTag(tag: number): void {
    this.at = 0;
    this.length += ethernet.TAG;
    this.lengthOnWire += ethernet.TAG;
    ethernet.insertTag(this.#view, 0, tag);
  }

  /** Frames for which there was no room since this was asked before. */
  missed(): number {
    const statistics = new DataView(new ArrayBuffer(8));
    libc.getsockopt(this.fd, SOL_PACKET, PACKET_STATISTICS, octetsOf(statistics), Uint8Array.of(8, 0, 0, 0));
    return statistics.getUint32(4, true);
  }
}

function octetsOf(view: DataView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer);
}

function failure(): Error {
  return new Error(`Cannot listen to the frames of all interfaces: ${describeErrno(libc.errno())}`);
}
