/** How many CPUs this machine may ever have: as many values a map by CPU has. Read by libc, because Deno keeps /sys from programs. */

import { libc } from "./libc.ts";

const O_CLOEXEC = 0x80000;
const FILE = new TextEncoder().encode("/sys/devices/system/cpu/possible\0");

/** 0 where the machine does not say. */
export function possibleCpus(): number {
  const fd = libc.open(FILE, O_CLOEXEC);
  if (fd < 0) return 0;
  const buffer = new Uint8Array(256);
  const length = libc.read(fd, buffer, buffer.length);
  libc.close(fd);
  return length <= 0 ? 0 : countIn(new TextDecoder().decode(buffer.subarray(0, length)));
}

/** Ranges such as `0-3,8`: the highest number, plus one. */
export function countIn(ranges: string): number {
  return Math.max(0, ...ranges.trim().split(/[,-]/).map((number) => Number(number) + 1));
}
