/**
 * Writing to a descriptor that was given to us, such as standard output, without ever waiting for its reader.
 *
 * Whether a write waits is a flag of what was opened, not of the descriptor, so a terminal's or pipe's is shared with the shell and
 * must stay as it is. Opened anew by way of /proc it has flags of its own (proc_pid_fd(5)). Where that is refused, as for a socket or
 * another user's pipe, the kernel is asked first: what poll(2) calls writable takes a short write without waiting (pipe(7)), unless
 * another program fills it in that moment.
 */

import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { describeErrno, EAGAIN } from "./errno.ts";
import { libc } from "./libc.ts";
import { isWritable } from "./poll.ts";

const O_WRONLY = 0x1;
const O_NOCTTY = 0x100;
const O_NONBLOCK = 0x800;
const O_CLOEXEC = 0x80000;

/** PIPE_BUF of pipe(7): a pipe that is writable has room for so much. */
const SHORT = 4096;

/** The descriptor of standard output. */
export const STDOUT = 1;

export class Output {
  readonly isTerminal: boolean;
  readonly #fd: number;

  constructor(fd: number) {
    this.isTerminal = isatty(fd);
    this.#fd = openAnew(fd) ?? fd;
  }

  /** How many of the octets were taken; 0 when it would have to wait. A text says why it failed. */
  write(octets: Uint8Array): number | string {
    if (!isWritable(this.#fd)) return 0;
    const written = libc.write(this.#fd, octets, Math.min(octets.length, SHORT));
    if (written >= 0) return written;
    const errno = libc.errno();
    return errno === EAGAIN ? 0 : describeErrno(errno);
  }
}

/** Undefined where it cannot be. A file stays as it is: opened anew it would begin at its first octet. */
function openAnew(fd: number): number | undefined {
  const kind = fstatSync(fd);
  if (!kind.isFIFO() && !kind.isCharacterDevice()) return undefined;
  const path = new TextEncoder().encode(`/proc/self/fd/${fd}\0`);
  const own = libc.open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return own < 0 ? undefined : own;
}
