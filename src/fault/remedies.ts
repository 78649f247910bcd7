/** Commands that mend a Linux machine. Each may be run twice: what is right already stays as it is. */

import { hostLength, isIpv6 } from "../wire/address.ts";
import type { Command } from "../system/programs.ts";

/** The least values with which ARP neither answers for nor names addresses of other interfaces (ip-sysctl.rst). */
export const ARP_SILENCE = { "net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.all.arp_announce": 2 };

export const SILENCE_ARP: Command = [
  ...["sysctl", "-w"],
  ...Object.entries(ARP_SILENCE).map(([name, value]) => `${name}=${value}`),
];

/** For all interfaces: over the network nobody sees which one is the proxy. */
export const STOP_PROXY_ARP: Command = ["sh", "-c", "echo 0 | tee /proc/sys/net/ipv4/conf/*/proxy_arp"];

export function setSysctls(names: readonly string[], value: number): Command {
  return ["sysctl", "-w", ...names.map((name) => `${name}=${value}`)];
}

/** Gives the machine the cluster address as an alias of `lo`. */
export function addAlias(cluster: string): Command {
  const words = ["ip", "address", "replace", hostPrefix(cluster), "dev", "lo"];
  return isIpv6(cluster) ? words : [...words, "scope", "host"];
}

/** Silence first, so that the alias is never there without. */
export function addSilentAlias(cluster: string): Command[] {
  return isIpv6(cluster) ? [addAlias(cluster)] : [SILENCE_ARP, addAlias(cluster)];
}

/** The same for a machine that has the address already, on whichever interface and with whichever scope. */
export function moveAliasToLoopback(cluster: string): Command[] {
  const silence = isIpv6(cluster) ? [] : [SILENCE_ARP];
  return [...silence, ["ip", "address", "flush", "to", hostPrefix(cluster)], addAlias(cluster)];
}

export function deleteAddress(address: string, prefixLength: number, interfaceName: string): Command {
  return ["ip", "address", "del", `${address}/${prefixLength}`, "dev", interfaceName];
}

function hostPrefix(address: string): string {
  return `${address}/${hostLength(address)}`;
}
