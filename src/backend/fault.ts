/** What can be wrong with a backend. Whoever names a fault, also from another machine, uses these names. */

import type { Command } from "./programs.ts";

/** Each with what it means, in the order in which they are looked for and mended: silence before addresses. */
export const FAULTS = {
  "arp-ignore": "answers ARP requests for the cluster address",
  "arp-announce": "names the cluster address as its own in ARP requests",
  "arp-published": "has a published (proxy) neighbor entry for the cluster address",
  "proxy-arp": "is a proxy for other machines' addresses on the link",
  "alias-missing": "does not have the cluster address",
  "alias-interface": "has the cluster address on an interface that answers for it",
  "dad-failed": "has the cluster address on an interface where duplicate detection found another owner",
  "alias-mask": "has the cluster address with the mask of a whole network",
  "alias-scope": "answers ARP requests because the alias has scope global and arp_ignore is 3",
  "extra-route": "takes the network of the cluster address for its own",
  "no-default-route": "has no way back to the clients",
  "rp-filter": "drops the clients' packets because it would answer by another interface",
  "multicast-drop": "drops what comes to it in a broadcast or multicast frame",
  "mtu": "takes smaller, or sends larger, frames than the link",
  "no-service": "has no server on a service port of the cluster address",
} as const;

export type FaultId = keyof typeof FAULTS;

export interface Fault {
  readonly id: FaultId;
  /** The cluster addresses that suffer. */
  readonly clusters: readonly string[];
  /** What is there. */
  readonly found: string;
  /** What it does. */
  readonly why: string;
  /** What mends it, in order; a word in capitals is for a person to fill in. Empty: no command can. */
  readonly mend: readonly Command[];
  /** Why a person must decide; undefined where it may be mended unasked. */
  readonly decide: string | undefined;
}
