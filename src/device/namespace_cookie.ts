/** A name for the network namespace of this process that no other ever had since the machine started. */

import { libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_NETNS_COOKIE = 71;

/** The kernel's cookie, socket(7); 0 for all where the kernel is older than 5.14 and has none. */
export function namespaceCookie(): bigint {
  const cookie = new BigUint64Array(1);
  const length = Uint32Array.of(cookie.byteLength);
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  libc.getsockopt(
    fd,
    SOL_SOCKET,
    SO_NETNS_COOKIE,
    new Uint8Array(cookie.buffer),
    new Uint8Array(length.buffer),
  );
  libc.close(fd);
  return cookie[0]!;
}
