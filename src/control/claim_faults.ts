/** Faults of machines that say that a cluster address is theirs: nobody may, but the dispatcher. */

import { formatMac, isIpv6, type Mac } from "../wire/address.ts";
import { aliasAnew, PROXIES_OFF, SILENCE } from "./mend.ts";
import type { Fault } from "./verification_report.ts";

/** How one machine claims one address of ours. */
export interface Claims {
  readonly address: string;
  readonly mac: Mac;
  /** It answered a question, or told everyone. */
  answers: boolean;
  /** It answered also a question that named no asker; a proxy for another machine does not (arp_process, net/ipv4/arp.c). */
  answersNobody: boolean;
  /** It named the address as its own in a question for another one. */
  asks: boolean;
}

/** `backend`: the machine's name, if it is one. `accepts`: it answers what is sent to the address at its MAC. */
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
    cluster: address,
    found: `${describeMac(mac)} answers ${asked} for ${address}`,
    why: "routers and clients may believe it, and their traffic comes to it past the dispatcher",
  };
  const isProxy = isV6 ? backend !== undefined && !accepts : !claims.answersNobody;
  if (isProxy) {
    return {
      ...common,
      id: isV6 ? "arp-published" : "proxy-arp",
      or: [isV6 ? "alias-interface" : "arp-published"],
      found: `${common.found}, as a proxy`,
      mend: [...(isV6 ? [] : [PROXIES_OFF]), `ip neigh flush proxy ${address}`],
      decide: "machines on its other links may need the proxy",
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
        `find it by its MAC in the switches' tables; take ${address} from it, or from its published entries, or choose another cluster address`,
    };
  }
  return {
    ...common,
    id: isV6 ? "alias-interface" : "arp-ignore",
    or: isV6 ? [] : ["alias-interface", "alias-scope"],
    mend: aliasAnew(address),
    decide: null,
  };
}

function ofAnnouncement({ address, mac }: Claims, backend: string | undefined): Fault {
  return {
    id: "arp-announce",
    or: [],
    backend: backend ?? null,
    mac: formatMac(mac.high, mac.low),
    cluster: address,
    found: `${describeMac(mac)} asks for other addresses as ${address}`,
    why: "whoever hears its ARP requests, the router above all, believes that the cluster address is there",
    mend: [SILENCE],
    decide: null,
  };
}

/** Another machine has the dispatcher's own address, so nothing that was asked from there is worth anything. */
export function faultOfOwnAddress({ address, mac }: Claims, own: Mac): Fault {
  const isTwin = mac.high === own.high && mac.low === own.low;
  return {
    id: "own-address-taken",
    or: [],
    backend: null,
    mac: formatMac(mac.high, mac.low),
    cluster: null,
    found: isTwin ? `another dispatcher answers as ${address}` : `${describeMac(mac)} has ${address}`,
    why: "answers go there, so nothing else can be verified, and the dispatcher cannot work",
    mend: [],
    decide: isTwin
      ? "one of this configuration runs already: ask it, or stop it"
      : `give it, or the dispatcher (dispatcher.addresses), another address`,
  };
}

/** With the vendor's part, of which a register tells whose machine it is: IEEE 802, the second bit of the first octet. */
function describeMac({ high, low }: Mac): string {
  const text = formatMac(high, low);
  const isLocal = (high & 0x0200) !== 0;
  return `${text} (${isLocal ? "locally administered, no vendor's" : `vendor prefix ${text.slice(0, 8)}`})`;
}
