/**
 * All frames of an interface, as it receives and sends them: packet(7), socket(7).
 *
 *     struct msghdr           address (8), its length (8), struct iovec (8), how many (8), control (8), its length (8), flags (8)
 *     struct iovec            octets (8), their length (8)
 *     struct cmsghdr          length (8), level (4), type (4), then one of
 *     struct timespec         seconds (8), nanoseconds (8)
 *     struct tpacket_auxdata  status (4), length (4), captured (4), MAC, network, VLAN's TCI, its TPID (2 each)
 */

import { describeErrno, EACCES, EPERM } from "./errno.ts";
import * as ifreq from "./ifreq.ts";
import { libc } from "./libc.ts";
import { PacketSocketError } from "./packet_socket.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const ETH_P_ALL = 3;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;
const PACKET_AUXDATA = 8;
const PACKET_OUTGOING = 4;
const TP_STATUS_VLAN_VALID = 1 << 4;
const TP_STATUS_VLAN_TPID_VALID = 1 << 6;
const MSG_TRUNC = 0x20;
/** Frames that wait for us. */
const ROOM = 16 * 2 ** 20;

const CMSGHDR = 16;
const SOCKADDR_LL = 20;
const PACKET_TYPE = 10;
/** Before the type of an Ethernet frame, where a VLAN's tag stands. */
const MACS = 12;
const TAG = 4;
const TPID = 0x8100;
/** The longest super-frame, with its header and a tag. */
const LONGEST = 65_536 + 18;

export interface SeenFrame {
  /** Only until the next one is read. */
  readonly octets: Uint8Array;
  readonly lengthOnWire: number;
  /** Since 1970. */
  readonly nanoseconds: bigint;
  readonly direction: "in" | "out";
}

export class CaptureSocket {
  readonly fd: number;
  readonly #message = new Uint8Array(new ArrayBuffer(56));
  readonly #header = new DataView(this.#message.buffer);
  readonly #from = new Uint8Array(new ArrayBuffer(SOCKADDR_LL));
  readonly #control = new Uint8Array(new ArrayBuffer(256));
  readonly #vector = new Uint8Array(new ArrayBuffer(16));
  /** A frame begins behind the place for a tag, which the kernel gives apart. */
  readonly #room = new Uint8Array(new ArrayBuffer(TAG + LONGEST));

  /** Throws PacketSocketError and leaves nothing open. */
  constructor(interfaceName: string) {
    const fail = (errno: number): never => {
      const remedy = errno === EPERM || errno === EACCES ? "; run as root or with CAP_NET_RAW" : "";
      throw new PacketSocketError(`Cannot capture on "${interfaceName}": ${describeErrno(errno)}${remedy}`);
    };
    // Of no type until it is bound, so that nothing comes from other interfaces.
    this.fd = libc.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.fd < 0) fail(libc.errno());
    const set = (level: number, name: number, value: number) =>
      libc.setsockopt(this.fd, level, name, new Uint8Array(Int32Array.of(value).buffer), 4);
    set(SOL_SOCKET, SO_RCVBUFFORCE, ROOM);
    set(SOL_SOCKET, SO_TIMESTAMPNS, 1);
    set(SOL_PACKET, PACKET_AUXDATA, 1);
    const address = new Uint8Array(SOCKADDR_LL);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_PACKET, true);
    view.setUint16(2, ETH_P_ALL);
    view.setInt32(4, ifreq.index(interfaceName), true);
    if (libc.bind(this.fd, address, address.length) < 0) {
      const errno = libc.errno();
      this.close();
      fail(errno);
    }
    const vector = new DataView(this.#vector.buffer);
    vector.setBigUint64(0, libc.addressOf(this.#room) + BigInt(TAG), true);
    vector.setBigUint64(8, BigInt(LONGEST), true);
    this.#header.setBigUint64(0, libc.addressOf(this.#from), true);
    this.#header.setBigUint64(16, libc.addressOf(this.#vector), true);
    this.#header.setBigUint64(24, 1n, true);
    this.#header.setBigUint64(32, libc.addressOf(this.#control), true);
  }

  /** The next frame; undefined when none has come. Throws Error when the interface has gone. */
  next(): SeenFrame | undefined {
    this.#header.setUint32(8, SOCKADDR_LL, true);
    this.#header.setBigUint64(40, BigInt(this.#control.length), true);
    const length = libc.recvmsg(this.fd, this.#message, MSG_TRUNC);
    if (length < 0) {
      const why = describeErrno(libc.errno());
      if (why.startsWith("EAGAIN")) return undefined;
      throw new Error(`The capture has ended: the interface has gone down (${why})`);
    }
    let nanoseconds = 0n;
    let tag = 0;
    for (const { level, type, at, view } of this.#messages()) {
      if (level === SOL_SOCKET && type === SO_TIMESTAMPNS) {
        nanoseconds = view.getBigInt64(at, true) * 1_000_000_000n + view.getBigInt64(at + 8, true);
      }
      if (level === SOL_PACKET && type === PACKET_AUXDATA) tag = this.#putTag(view, at);
    }
    return {
      octets: this.#room.subarray(TAG - tag, TAG + Math.min(length, LONGEST)),
      lengthOnWire: length + tag,
      nanoseconds,
      direction: this.#from[PACKET_TYPE] === PACKET_OUTGOING ? "out" : "in",
    };
  }

  /** Frames since the last call that found no room. */
  lost(): number {
    const counts = new Uint8Array(8);
    const length = new Uint8Array(Int32Array.of(8).buffer);
    if (libc.getsockopt(this.fd, SOL_PACKET, PACKET_STATISTICS, counts, length) < 0) return 0;
    return new DataView(counts.buffer).getUint32(4, true);
  }

  close(): void {
    libc.close(this.fd);
  }

  *#messages() {
    const view = new DataView(this.#control.buffer);
    const end = Number(this.#header.getBigUint64(40, true));
    for (let at = 0; at + CMSGHDR <= end;) {
      yield {
        level: view.getInt32(at + 8, true),
        type: view.getInt32(at + 12, true),
        at: at + CMSGHDR,
        view,
      };
      at += Math.ceil(Number(view.getBigUint64(at, true)) / 8) * 8;
    }
  }

  /** Puts the VLAN's tag back where it was on the wire. How many octets it has. */
  #putTag(view: DataView, at: number): number {
    const status = view.getUint32(at, true);
    if ((status & TP_STATUS_VLAN_VALID) === 0) return 0;
    this.#room.copyWithin(0, TAG, TAG + MACS);
    const frame = new DataView(this.#room.buffer);
    frame.setUint16(MACS, (status & TP_STATUS_VLAN_TPID_VALID) === 0 ? TPID : view.getUint16(at + 18, true));
    frame.setUint16(MACS + 2, view.getUint16(at + 16, true));
    return TAG;
  }
}
