/** The interface that has this machine's own address. */

import { networkInterfaces } from "node:os";
import { parseIp } from "../../wire/address.ts";

/** The name of the interface with this address, canonical text; undefined where there is none, or its link is down. */
export function interfaceOf(address: string): string | undefined {
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    if (entries?.some((entry) => parseIp(entry.address.split("%")[0]!) === address)) return name;
  }
  return undefined;
}
