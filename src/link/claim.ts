/** What a machine on the link says of an address, by ARP or by neighbor discovery: that it is its own. */

import type { Mac } from "../wire/address.ts";

export interface Claim {
  /** Canonical text. */
  readonly address: string;
  /** Where it is, by that machine's word. */
  readonly mac: Mac;
  /** It names the address as its own while it asks for another one's; otherwise it answers, or tells everyone. */
  readonly isAsking: boolean;
  /** Answers only: to everyone, or to the question of a machine that named no address. */
  readonly toNobody: boolean;
}
