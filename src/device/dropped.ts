/**
 * How many frames an interface's full queue has dropped: of a TAP, those that nobody read in time. /proc/net/dev is that of this
 * thread's network namespace, where /sys may be that of another one. Read by libc, because Deno keeps /proc from programs
 * that may not do everything.
 */

import { libc } from "./libc.ts";

const O_CLOEXEC = 0x80000;
const FILE = new TextEncoder().encode("/proc/thread-self/net/dev\0");
/** Of what is sent, the fourth column; eight of what is received stand before it. */
const DROPPED = 8 + 3;

const buffer = new Uint8Array(1 << 16);

/** 0 for an interface that is not there. */
export function dropped(name: string): number {
  const line = readDevices().split("\n").find((line) => line.trimStart().startsWith(`${name}:`));
  return Number(line?.split(":")[1]?.trim().split(/\s+/)[DROPPED] ?? 0);
}

function readDevices(): string {
  const fd = libc.open(FILE, O_CLOEXEC);
  if (fd < 0) return "";
  const decoder = new TextDecoder();
  let text = "";
  for (let length = libc.read(fd, buffer, buffer.length); length > 0;) {
    text += decoder.decode(buffer.subarray(0, length));
    length = libc.read(fd, buffer, buffer.length);
  }
  libc.close(fd);
  return text;
}
