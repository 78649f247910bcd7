/** Faults of machines that claim a cluster address: nobody but the dispatcher may. */

import { formatMac, isIpv6, type Mac } from "../wire/address.ts";
import type { Fault } from "../fault/fault.ts";
import { moveAliasToLoopback, SILENCE_ARP, STOP_PROXY_ARP } from "../fault/remedies.ts";

/** How one machine claims one address of the dispatcher or of a cluster. */
export interface Claims {
  readonly address: string;
  readonly mac: Mac;
  /** The machine answered a question, or announced the address to everyone. */
  answers: boolean;
  /** The machine answered also a question that named no asker. A proxy does not (arp_process, net/ipv4/arp.c). */
  answersNobody: boolean;
  /** The machine named the address as its own when it asked for another one. */
  asks: boolean;
}

/** `backend`: the machine's name, if it is a backend. `accepts`: it answers what is sent to the address at its MAC. */
export function faultsOfClaims(claims: Claims, backend: string | undefined, accepts: boolean): Fault[] {
  const isV6 = isIpv6(claims.address);
  // A solicitation from the address leaves only an interface that has it, which answers as well.
  const answers = claims.answers || (isV6 && claims.asks);
  return [
    ...(answers ? [ofAnswers(claims, backend, accepts)] : []),
    ...(claims.asks && !isV6 ? [ofAnnouncement(claims, backend)] : []),
  ];
}

function ofAnswers(claims: Claims, backend: string | undefined, accepts: boolean): Fault {
  const { address, mac } = claims;
  const isV6 = isIpv6(address);
  const asked = isV6 ? "neighbor solicitations" : "ARP requests";
  const common = {
    backend: backend ?? null,
    mac: formatMac(mac.high, mac.low),
    clusters: [address],
    found: `${describeMac(mac)} answers ${asked} for ${address}`,
    why: "routers and clients may believe this, and then send their traffic there, past the dispatcher",
  };
  const isProxy = isV6 ? backend !== undefined && !accepts : !claims.answersNobody;
  if (isProxy) {
    return {
      ...common,
      id: isV6 ? "arp-published" : "proxy-arp",
      or: [isV6 ? "alias-interface" : "arp-published"],
      found: `${common.found}, as a proxy`,
      mend: [...(isV6 ? [] : [STOP_PROXY_ARP]), ["ip", "neigh", "flush", "proxy", address]],
      decide: "make sure that machines on its other links do not need the proxy",
    };
  }
  if (backend === undefined) {
    return {
      ...common,
      id: "address-taken",
      or: [],
      found: `${common.found}, and is no backend of this configuration`,
      mend: [],
      decide:
        `find this machine by its MAC in the switches' tables and delete ${address}, or the published entry for it, ` +
        "there; or choose another cluster address",
    };
  }
  return {
    ...common,
    id: isV6 ? "alias-interface" : "arp-ignore",
    or: isV6 ? [] : ["alias-interface", "alias-scope"],
    mend: moveAliasToLoopback(address),
    decide: null,
  };
}

function ofAnnouncement({ address, mac }: Claims, backend: string | undefined): Fault {
  return {
    id: "arp-announce",
    or: [],
    backend: backend ?? null,
    mac: formatMac(mac.high, mac.low),
    clusters: [address],
    found: `${describeMac(mac)} names ${address} as its own address in ARP requests`,
    why:
      "whoever hears these requests, above all the router, believes that the cluster address is at this MAC",
    mend: [SILENCE_ARP],
    decide: null,
  };
}

/** Another machine has the dispatcher's own address, so answers went there and nothing else can be said. */
export function faultOfOwnAddress({ address, mac }: Claims, own: Mac): Fault {
  const isTwin = mac.high === own.high && mac.low === own.low;
  return {
    id: "own-address-taken",
    or: [],
    backend: null,
    mac: formatMac(mac.high, mac.low),
    clusters: [],
    found: isTwin ? `another dispatcher answers as ${address}` : `${describeMac(mac)} has ${address}`,
    why:
      "answers to the dispatcher go there, so nothing else can be verified, and the dispatcher cannot work",
    mend: [],
    decide: isTwin
      ? "a dispatcher with this configuration runs already: verify on its machine, or stop it"
      : "give that machine another address, or the dispatcher (dispatcher.addresses)",
  };
}

/** The MAC, and the prefix that a register of vendors lists. Locally administered ones have none: IEEE 802, bit 1 of octet 0. */
function describeMac({ high, low }: Mac): string {
  const text = formatMac(high, low);
  const isLocal = (high & 0x0200) !== 0;
  return `${text} (${isLocal ? "locally administered, no vendor's" : `vendor prefix ${text.slice(0, 8)}`})`;
}
