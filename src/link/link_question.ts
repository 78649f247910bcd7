/** What a machine on the link asks, by ARP or by neighbor discovery: who has an address. */

import type { Mac } from "../wire/address.ts";

export interface LinkQuestion {
  /** The address that it asks for, canonical text. */
  readonly address: string;
  /** The address of the machine that asks. */
  readonly from: string;
  /** The MAC that the answer goes to. */
  readonly mac: Mac;
}
