/** What the other one of a pair says of the addresses that both share, or we said ourselves: it is no other machine's claim. */

import type { Config } from "../config/config.ts";
import { sharedAddresses } from "../config/vrrp.ts";
import { isIpv6 } from "../wire/address.ts";
import * as vrrp from "../wire/vrrp.ts";
import type { Claim } from "./claim.ts";

/** Is it the dispatcher's alone, neither a cluster's nor a pair's? */
export function isOwnAddress({ dispatcher, clusters }: Config, address: string): boolean {
  const isShared = dispatcher.vrrp !== undefined && sharedAddresses(dispatcher.vrrp).includes(address);
  return !isShared && !clusters.some(({ addresses }) => addresses.includes(address));
}

/** Does the claim say that a shared address is at the virtual MAC? */
export function isOfPair(config: Config, { address, mac }: Claim): boolean {
  const { vrrp: pair } = config.dispatcher;
  if (pair === undefined || isOwnAddress(config, address)) return false;
  const { high, low } = vrrp.macOf(pair.id, isIpv6(address));
  return mac.high === high && mac.low === low;
}
