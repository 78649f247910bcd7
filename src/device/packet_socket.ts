/**
 * Frames of one type beside the kernel's own stack: packet(7). What is read is a copy, what is written goes out as it is;
 * frames that this machine sends are not read.
 */

import type { Mac } from "../wire/address.ts";
import { describeErrno, EACCES, EPERM } from "./errno.ts";
import * as ifreq from "./ifreq.ts";
import { libc } from "./libc.ts";
import { Queue } from "./queue.ts";

export interface PacketSocketOptions {
  readonly interfaceName: string;
  /** The type in the Ethernet header. */
  readonly etherType: number;
  /** What of it: a program of bpf.ts. */
  readonly filter: Uint8Array<ArrayBuffer>;
  /** Groups whose frames the network card shall take besides its own. */
  readonly groups?: readonly Mac[];
}

/** The socket could not be had. The message names the interface, what was found and what would help. */
export class PacketSocketError extends Error {
  override name = "PacketSocketError";
}

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_MR_MULTICAST = 0;

export class PacketSocket extends Queue {
  /** Throws PacketSocketError and leaves nothing open. */
  constructor({ interfaceName, etherType, filter, groups = [] }: PacketSocketOptions) {
    // Of no type until it is bound, so that nothing comes before there is a filter.
    const fd = libc.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw failure(interfaceName);
    super(fd);
    const index = ifreq.index(interfaceName);
    const steps = [
      () => attach(fd, filter),
      ...groups.map((group) => () => join(fd, index, group)),
      () => bind(fd, index, etherType),
    ];
    for (const step of steps) {
      if (step() >= 0) continue;
      const error = failure(interfaceName);
      this.close();
      throw error;
    }
  }

  close(): void {
    libc.close(this.fd);
  }
}

/** Only what the program takes comes in from now on. struct sock_fprog: count of instructions (2), padding (6), where they are (8). */
export function attach(fd: number, filter: Uint8Array<ArrayBuffer>): number {
  const program = new Uint8Array(16);
  const view = new DataView(program.buffer);
  view.setUint16(0, filter.length / 8, true);
  view.setBigUint64(8, libc.addressOf(filter), true);
  return libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, program.length);
}

/** struct packet_mreq: interface index (4), type (2), length of the address (2), address (8). */
function join(fd: number, index: number, { high, low }: Mac): number {
  const request = new Uint8Array(16);
  const view = new DataView(request.buffer);
  view.setInt32(0, index, true);
  view.setUint16(4, PACKET_MR_MULTICAST, true);
  view.setUint16(6, 6, true);
  view.setUint16(8, high);
  view.setInt32(10, low);
  return libc.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, request.length);
}

/** To all interfaces where the index is 0. struct sockaddr_ll: family (2), type in network order (2), interface index (4), and what bind(2) does not read (12). */
export function bind(fd: number, index: number, etherType: number): number {
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, etherType);
  view.setInt32(4, index, true);
  return libc.bind(fd, address, address.length);
}

function failure(interfaceName: string): PacketSocketError {
  const errno = libc.errno();
  const remedy = errno === EPERM || errno === EACCES ? "; run as root or with CAP_NET_RAW" : "";
  return new PacketSocketError(`Cannot listen on "${interfaceName}": ${describeErrno(errno)}${remedy}`);
}
