/** The interface of this machine's own address, and whether its cable is in. */

import { networkInterfaces } from "node:os";
import { libc } from "../device/libc.ts";
import * as ifreq from "../device/ifreq.ts";
import { parseIp } from "../wire/address.ts";

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SIOCGIFFLAGS = 0x8913;
/** Where the kernel puts the flags of an interface behind its name: netdevice(7). */
const FLAGS = 16;
/** Up, and with a carrier. */
const IFF_RUNNING = 0x40;

/** The name of the interface with this address, canonical text; undefined where there is none. */
export function interfaceOf(address: string): string | undefined {
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    if (entries?.some((entry) => parseIp(entry.address.split("%")[0]!) === address)) return name;
  }
  return undefined;
}

/** False also for an interface that is down or gone. */
export function hasLink(interfaceName: string): boolean {
  const request = ifreq.of(interfaceName);
  const socket = libc.socket(AF_INET, SOCK_DGRAM, 0);
  const result = libc.ioctl(socket, SIOCGIFFLAGS, request);
  libc.close(socket);
  return result >= 0 && (new DataView(request.buffer).getUint16(FLAGS, true) & IFF_RUNNING) !== 0;
}
