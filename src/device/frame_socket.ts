/**
 * Every frame of one interface, or of all of a network namespace, those that are sent as well as those that are received: packet(7). What
 * is read is a copy.
 *
 * recvmsg(2) gives a frame with its interface and direction (struct sockaddr_ll), the kernel's time, and the VLAN tag that it has taken out.
 * Structures as on 64-bit Linux, host byte order, little-endian:
 *
 *     struct msghdr           address (8), its length (8), struct iovec (8), how many (8), control (8), its length (8), flags (8)
 *     struct iovec            octets (8), their length (8)
 *     struct cmsghdr          length (8), level (4), type (4), then one of
 *     struct timespec         seconds (8), nanoseconds (8)
 *     struct tpacket_auxdata  status (4), length (4), captured (4), MAC, network, VLAN's TCI, its TPID (2 each)
 */

import * as ethernet from "../wire/ethernet.ts";
import { describeErrno, EACCES, EAGAIN, EPERM } from "./errno.ts";
import * as ifreq from "./ifreq.ts";
import { libc } from "./libc.ts";
import { attach, bind, PacketSocketError } from "./packet_socket.ts";

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
const VLAN_VALID = 1 << 4;
/** An old kernel tells no TPID: then it is that of 802.1Q. */
const VLAN_TPID_VALID = 1 << 6;

/** Octets of frames that wait here to be read, with what the kernel takes around them. */
const BUFFER = 32 << 20;

/** A super-frame with its header; before it there is room for a tag. */
const LONGEST = 65_536 + 256;

/** struct cmsghdr, before what it says. */
const CMSG = 16;

export interface FrameSocketOptions {
  /** The only one whose frames are wanted; default all, also those that come later. */
  readonly interfaceName?: string | undefined;
  /** What of the frames: a program of bpf.ts; default all. */
  readonly filter?: Uint8Array<ArrayBuffer> | undefined;
}

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
  nanoseconds = 0n;

  readonly #view = new DataView(this.slot.buffer);
  readonly #address = new DataView(new ArrayBuffer(20));
  readonly #control = new DataView(new ArrayBuffer(128));
  readonly #message = new DataView(new ArrayBuffer(56));
  readonly #parts = new DataView(new ArrayBuffer(16));
  readonly #octets = this.slot.subarray(ethernet.TAG);

  readonly #interfaceName: string | undefined;

  /** Of the namespace in which this thread is. Throws PacketSocketError and leaves nothing open. */
  constructor({ interfaceName, filter }: FrameSocketOptions = {}) {
    this.#interfaceName = interfaceName;
    // Of no type until it is bound, so that nothing comes from other interfaces, or before there is a filter.
    this.fd = libc.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.fd < 0) throw failure(interfaceName);
    this.#set(SOL_SOCKET, SO_RCVBUFFORCE, BUFFER);
    this.#set(SOL_SOCKET, SO_TIMESTAMPNS, 1);
    this.#set(SOL_PACKET, PACKET_AUXDATA, 1);
    const index = interfaceName === undefined ? 0 : ifreq.index(interfaceName);
    const isFiltered = filter === undefined || attach(this.fd, filter) >= 0;
    if (!isFiltered || bind(this.fd, index, ETH_P_ALL) < 0) {
      const error = failure(interfaceName);
      this.close();
      throw error;
    }
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

  /** Goes on to the next frame; false when none waits. Throws when the one interface is down or gone. */
  next(): boolean {
    const message = this.#message;
    message.setUint32(8, this.#address.byteLength, true);
    message.setBigUint64(40, BigInt(this.#control.byteLength), true);
    this.lengthOnWire = libc.recvmsg(this.fd, octetsOf(message), MSG_TRUNC);
    if (this.lengthOnWire < 0) {
      const errno = libc.errno();
      if (errno === EAGAIN) return false;
      throw new PacketSocketError(
        `No more frames come from ${describe(this.#interfaceName)}: ${describeErrno(errno)}`,
      );
    }
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
        const seconds = control.getBigInt64(at + CMSG, true);
        this.nanoseconds = seconds * 1_000_000_000n + control.getBigInt64(at + CMSG + 8, true);
      }
      if (level === SOL_PACKET && type === PACKET_AUXDATA) this.#insertTag(at + CMSG);
      at += (size + 7) & ~7;
    }
  }

  /** Puts the VLAN's tag, if there is one, back where it was on the wire. `at`: the struct tpacket_auxdata. */
  #insertTag(at: number): void {
    const status = this.#control.getUint32(at, true);
    if ((status & VLAN_VALID) === 0) return;
    this.at = 0;
    this.length += ethernet.TAG;
    this.lengthOnWire += ethernet.TAG;
    ethernet.insertTag(this.#view, 0, this.#control.getUint16(at + 16, true));
    if ((status & VLAN_TPID_VALID) !== 0) {
      ethernet.setType(this.#view, 0, this.#control.getUint16(at + 18, true));
    }
  }

  /** Frames for which there was no room since this was asked before. */
  missed(): number {
    const statistics = new DataView(new ArrayBuffer(8));
    libc.getsockopt(this.fd, SOL_PACKET, PACKET_STATISTICS, octetsOf(statistics), Uint8Array.of(8, 0, 0, 0));
    return statistics.getUint32(4, true);
  }

  close(): void {
    libc.close(this.fd);
  }
}

function octetsOf(view: DataView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer);
}

function failure(interfaceName: string | undefined): PacketSocketError {
  const errno = libc.errno();
  const remedy = errno === EPERM || errno === EACCES ? "; run as root or with CAP_NET_RAW" : "";
  return new PacketSocketError(
    `Cannot listen to the frames of ${describe(interfaceName)}: ${describeErrno(errno)}${remedy}`,
  );
}

function describe(interfaceName: string | undefined): string {
  return interfaceName === undefined ? "all interfaces" : `"${interfaceName}"`;
}
