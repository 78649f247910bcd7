/** Waiting for descriptors: poll(2), and an eventfd(2) with which one thread wakes another. */

import { libc } from "./libc.ts";

const POLLIN = 0x1;
const POLLOUT = 0x4;
const POLLERR = 0x8;
const POLLHUP = 0x10;
const POLLNVAL = 0x20;

/** struct pollfd: descriptor (4), events (2), what happened (2). */
const POLLFD = 8;
const REVENTS = 6;

/** Waits until one of some descriptors can be read. Descriptors are named by their place in the list. */
export class Poll {
  readonly #set: Uint8Array;
  readonly #view: DataView;
  readonly #count: number;
  /** struct timespec: seconds (8), nanoseconds (8). */
  readonly #timespec = new Uint8Array(16);
  readonly #time = new DataView(this.#timespec.buffer);

  constructor(fds: readonly number[]) {
    this.#count = fds.length;
    this.#set = new Uint8Array(fds.length * POLLFD);
    this.#view = new DataView(this.#set.buffer);
    for (const [index, fd] of fds.entries()) {
      this.#view.setInt32(index * POLLFD, fd, true);
      this.#view.setUint16(index * POLLFD + 4, POLLIN, true);
    }
  }

  /** Blocks the thread. -1 waits for ever. */
  wait(timeoutMs: number): void {
    libc.poll(this.#set, this.#count, timeoutMs);
  }

  /** The same to the microsecond, as far as the machine's timers go. `timeoutUs` is finite and not negative. */
  waitUs(timeoutUs: number): void {
    const seconds = Math.floor(timeoutUs / 1_000_000);
    this.#time.setUint32(0, seconds, true);
    this.#time.setUint32(8, (timeoutUs - seconds * 1_000_000) * 1000, true);
    libc.ppoll(this.#set, this.#count, this.#timespec);
  }

  /** Waits for this one no longer. */
  forget(index: number): void {
    this.#view.setInt32(index * POLLFD, -1, true);
  }

  isReadable(index: number): boolean {
    return (this.#happened(index) & POLLIN) !== 0;
  }

  /** The descriptor's other end is gone for good. */
  isBroken(index: number): boolean {
    return (this.#happened(index) & (POLLERR | POLLHUP | POLLNVAL)) !== 0;
  }

  #happened(index: number): number {
    return this.#view.getUint16(index * POLLFD + REVENTS, true);
  }
}

/** Would a write to this descriptor not wait? True as well when it would fail. */
export function isWritable(fd: number): boolean {
  const set = new Uint8Array(POLLFD);
  const view = new DataView(set.buffer);
  view.setInt32(0, fd, true);
  view.setUint16(4, POLLOUT, true);
  return libc.poll(set, 1, 0) > 0;
}

const EFD_NONBLOCK = 0x800;
const EFD_CLOEXEC = 0x80000;

/** A flag that a poll can wait for: any thread raises it, the waiting one lowers it. */
export class WakeUp {
  readonly fd: number;
  readonly #one = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

  /** Opens a new one, or takes the other thread's by its descriptor. */
  constructor(fd = libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    this.fd = fd;
  }

  raise(): void {
    this.#one[0] = 1;
    libc.write(this.fd, this.#one, 8);
  }

  lower(): void {
    libc.read(this.fd, this.#one, 8);
  }

  close(): void {
    libc.close(this.fd);
  }
}
