/** Commands that mend a Linux backend, as far as they can be known from another machine. */

import { isIpv6 } from "../wire/address.ts";

/** Silent to ARP about addresses of other interfaces, and never naming them: facts in ip-sysctl.rst. */
export const SILENCE = "sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2";

/** On all interfaces: from here nobody sees on which. */
export const PROXIES_OFF = "echo 0 | tee /proc/sys/net/ipv4/conf/*/proxy_arp";

/** Silence first, then the address, so that it is never there without. One that it has already is left as it is. */
export function addAlias(cluster: string): string[] {
  return isIpv6(cluster)
    ? [`ip address replace ${cluster}/128 dev lo`]
    : [SILENCE, `ip address replace ${cluster}/32 dev lo scope host`];
}

/** The same for a machine that has the address already, on whichever interface and with whichever scope. */
export function aliasAnew(cluster: string): string[] {
  const [add = "", ...silence] = addAlias(cluster).reverse();
  return [...silence, `ip address flush to ${cluster}/${isIpv6(cluster) ? 128 : 32}`, add];
}
