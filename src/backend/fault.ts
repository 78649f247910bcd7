/** What can be wrong with a backend. Whoever names a fault, also from another machine, uses these names. */

import type { Command } from "./programs.ts";

/** In the order in which they are mended: silence before addresses. */
export const FAULT_IDS = [
  /** It answers ARP requests for the cluster address. */
  "arp-ignore",
  /** It names the cluster address as its own in ARP requests. */
  "arp-announce",
  /** It has a published (proxy) neighbor entry for the cluster address. */
  "arp-published",
  /** It is a proxy for other machines' addresses on the link. */
  "proxy-arp",
  /** It does not have the cluster address. */
  "alias-missing",
  /** It has it on an interface that answers for it. */
  "alias-interface",
  /** There, and duplicate detection found another owner. */
  "dad-failed",
  /** It has it with the mask of a whole network, which brings an extra route. */
  "alias-mask",
  /** It has it with scope global, about which arp_ignore 3 is not silent. */
  "alias-scope",
  /** It takes the network of the cluster address for its own. */
  "extra-route",
  /** It has no way back to the clients. */
  "no-default-route",
  /** It drops the clients' packets because it would answer by another interface. */
  "rp-filter",
  /** It drops what comes in a broadcast or multicast frame. */
  "multicast-drop",
  /** It takes smaller, or sends larger, frames than the link. */
  "mtu",
  /** No server is on a service port of the cluster address. */
  "no-service",
] as const;

export type FaultId = (typeof FAULT_IDS)[number];

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
