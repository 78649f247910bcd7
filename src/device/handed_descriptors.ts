/**
 * Descriptors on their way from one process to another: a datagram over a Unix socket carries them (unix(7), SCM_RIGHTS), and takes no
 * privilege. Whoever wants them makes the socket, which only its own user may write to.
 *
 *     struct msghdr     address (8), its length (8), struct iovec (8), how many (8), control (8), its length (8), flags (8)
 *     struct iovec      octets (8), their length (8)
 *     struct cmsghdr    length (8), level (4), type (4), then the descriptors, 4 octets each
 */

import { lstatSync, rmSync } from "node:fs";
import { describeErrno, ECONNREFUSED } from "./errno.ts";
import { libc } from "./libc.ts";
import { forOwnerOnly } from "./owner_only.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CMSG_CLOEXEC = 0x40000000;

const MSGHDR = 56;
const IOVEC = 16;
const CMSGHDR = 16;
/** sun_path of struct sockaddr_un, with its NUL. */
const LONGEST_PATH = 108;
/** Octets of text that are read, where nobody says otherwise. */
const LONGEST_TEXT = 256;
/** SCM_MAX_FD: the kernel carries so many at once. */
const MOST_DESCRIPTORS = 253;

/** Sends text, and descriptors with it if there are any, to the socket at `path`. Throws when nobody takes them. */
export function send(path: string, text: string, descriptors: readonly number[] = []): void {
  const fd = open();
  try {
    const message = new Message(new TextEncoder().encode(text), descriptors.length);
    message.putAddress(addressOf(path));
    message.putDescriptors(descriptors);
    if (libc.sendmsg(fd, message.header, 0) < 0) fail(`Cannot send to ${path}`);
  } finally {
    libc.close(fd);
  }
}

export interface Datagram {
  readonly text: string;
  readonly descriptors: readonly number[];
}

/** Where descriptors come to. */
export class DescriptorSocket {
  readonly path: string;
  /** To wait for. */
  readonly fd: number;
  readonly #longestText: number;

  /** Makes it. Throws when it cannot be made. */
  constructor(path: string, longestText = LONGEST_TEXT) {
    const address = addressOf(path);
    this.path = path;
    this.#longestText = longestText;
    this.fd = open();
    const errno = forOwnerOnly(() => libc.bind(this.fd, address, address.length) < 0 ? libc.errno() : 0);
    if (errno !== 0) {
      libc.close(this.fd);
      throw new Error(`Cannot make the socket ${path}: ${describeErrno(errno)}`);
    }
  }

  /** The next datagram; empty when none has come. Its descriptors are the receiver's to close. */
  receive(): Datagram {
    const octets = new Uint8Array(this.#longestText);
    const message = new Message(octets, MOST_DESCRIPTORS);
    const length = libc.recvmsg(this.fd, message.header, MSG_CMSG_CLOEXEC);
    if (length < 0) return { text: "", descriptors: [] };
    return {
      text: new TextDecoder().decode(octets.subarray(0, length)),
      descriptors: message.descriptors(),
    };
  }

  close(): void {
    libc.close(this.fd);
    rmSync(this.path, { force: true });
  }
}

/** Nobody has the socket at `path` any more, and nobody can have it again: its process has ended without removing it. */
export function isLeft(path: string): boolean {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return false;
  const address = addressOf(path);
  const fd = open();
  try {
    return libc.connect(fd, address, address.length) < 0 && libc.errno() === ECONNREFUSED;
  } finally {
    libc.close(fd);
  }
}

export function closeAll(descriptors: readonly number[]): void {
  for (const fd of descriptors) libc.close(fd);
}

/** One datagram, with room for so many descriptors. */
class Message {
  readonly header = new Uint8Array(new ArrayBuffer(MSGHDR));
  readonly #view = new DataView(this.header.buffer);
  readonly #control: DataView<ArrayBuffer>;
  /** What the header points to. */
  readonly #referred: Uint8Array[] = [];

  constructor(octets: Uint8Array<ArrayBuffer>, descriptors: number) {
    const vector = new Uint8Array(new ArrayBuffer(IOVEC));
    new DataView(vector.buffer).setBigUint64(0, this.#at(octets), true);
    new DataView(vector.buffer).setBigUint64(8, BigInt(octets.length), true);
    this.#view.setBigUint64(16, this.#at(vector), true);
    this.#view.setBigUint64(24, 1n, true);
    const control = new Uint8Array(new ArrayBuffer(CMSGHDR + Math.ceil(descriptors / 2) * 8));
    this.#control = new DataView(control.buffer);
    if (descriptors === 0) return;
    this.#view.setBigUint64(32, this.#at(control), true);
    this.#view.setBigUint64(40, BigInt(control.length), true);
  }

  putAddress(address: Uint8Array): void {
    this.#view.setBigUint64(0, this.#at(address), true);
    this.#view.setUint32(8, address.length, true);
  }

  putDescriptors(descriptors: readonly number[]): void {
    this.#control.setBigUint64(0, BigInt(CMSGHDR + descriptors.length * 4), true);
    this.#control.setInt32(8, SOL_SOCKET, true);
    this.#control.setInt32(12, SCM_RIGHTS, true);
    for (const [index, fd] of descriptors.entries()) this.#control.setInt32(CMSGHDR + index * 4, fd, true);
  }

  /** Of a message that was received. */
  descriptors(): number[] {
    const received = Number(this.#view.getBigUint64(40, true));
    if (received < CMSGHDR || this.#control.getInt32(12, true) !== SCM_RIGHTS) return [];
    const count = (Number(this.#control.getBigUint64(0, true)) - CMSGHDR) / 4;
    return Array.from({ length: count }, (_, index) => this.#control.getInt32(CMSGHDR + index * 4, true));
  }

  #at(octets: Uint8Array): bigint {
    this.#referred.push(octets);
    return libc.addressOf(octets);
  }
}

function open(): number {
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("Cannot make a socket");
  return fd;
}

/** struct sockaddr_un: family (2), path with its NUL; a path that begins with @ is an abstract one, whose first octet is NUL. */
function addressOf(path: string): Uint8Array<ArrayBuffer> {
  const octets = new TextEncoder().encode(path);
  if (octets.length >= LONGEST_PATH) {
    throw new Error(`The path ${path} is longer than ${LONGEST_PATH - 1} octets; choose a shorter one`);
  }
  const address = new Uint8Array(new ArrayBuffer(2 + octets.length + (path.startsWith("@") ? 0 : 1)));
  address[0] = AF_UNIX;
  address.set(octets, 2);
  if (path.startsWith("@")) address[2] = 0;
  return address;
}

function fail(what: string): never {
  throw new Error(`${what}: ${describeErrno(libc.errno())}`);
}
