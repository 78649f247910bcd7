/** The interfaces that a scene gives a machine. */

import { UsageError } from "../input/errors.ts";
import { parseCidr } from "../wire/address.ts";
import type { Host } from "./net/host.ts";
import type { Interface } from "./net/interface.ts";
import type { ScenePort } from "./scene.ts";
import { requireMac, requireMtu } from "./values.ts";

/** Throws UsageError for what the scene says wrongly. */
export function addInterface(host: Host, port: string, { addresses, mac, mtu }: ScenePort): Interface {
  const wrong = addresses.find((address) => !address.includes("/") || parseCidr(address, 0) === undefined);
  if (wrong !== undefined) {
    throw new UsageError(
      `"${host.name}" has the address "${wrong}"; use one with the length of its prefix, such as 10.0.0.5/24`,
    );
  }
  const added = host.addInterface(port, addresses, mac === undefined ? undefined : requireMac(mac));
  if (mtu === undefined) return added;
  requireMtu(`The mtu of "${host.name}"`, mtu);
  added.mtu = mtu;
  return added;
}
