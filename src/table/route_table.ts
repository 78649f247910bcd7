/** Routes to other networks: a next hop for each prefix, the longest prefix that fits decides (RFC 1812 section 5.2.4.3). */

import { type Cidr, isIpv6, netmask, netmask6, wordOf, wordsOf } from "../wire/address.ts";

/** No route leads there. */
export const NO_ROUTE = -1;

/** A plain list, longest prefix first: a lab or an edge gateway has few, and the first that fits is the answer. */
export class RouteTable {
  // By route.
  readonly #masks: Int32Array;
  readonly #networks: Int32Array;
  readonly #neighbors: Int32Array;
  // The same for IPv6, four words a route.
  readonly #masks6: Int32Array;
  readonly #networks6: Int32Array;
  readonly #neighbors6: Int32Array;

  constructor(routes: readonly { readonly prefix: Cidr; readonly neighbor: number }[]) {
    const sorted = routes.toSorted((a, b) => b.prefix.prefixLength - a.prefix.prefixLength);
    const ipv4 = sorted.filter(({ prefix }) => !isIpv6(prefix.address));
    const ipv6 = sorted.filter(({ prefix }) => isIpv6(prefix.address));
    this.#masks = Int32Array.from(ipv4, ({ prefix }) => netmask(prefix.prefixLength));
    this.#networks = Int32Array.from(
      ipv4,
      ({ prefix }, index) => wordOf(prefix.address) & this.#masks[index]!,
    );
    this.#neighbors = Int32Array.from(ipv4, ({ neighbor }) => neighbor);
    this.#masks6 = Int32Array.from(ipv6.flatMap(({ prefix }) => [...netmask6(prefix.prefixLength)]));
    const words = ipv6.flatMap(({ prefix }) => [...wordsOf(prefix.address)]);
    this.#networks6 = Int32Array.from(words, (word, index) => word & this.#masks6[index]!);
    this.#neighbors6 = Int32Array.from(ipv6, ({ neighbor }) => neighbor);
  }

  /** The neighbor that is the next hop, or NO_ROUTE. */
  lookup(address: number): number {
    for (let route = 0; route < this.#neighbors.length; route++) {
      if ((address & this.#masks[route]!) === this.#networks[route]) return this.#neighbors[route]!;
    }
    return NO_ROUTE;
  }

  /** The same for the IPv6 address at an offset. */
  lookup6(frame: DataView, at: number): number {
    for (let route = 0; route < this.#neighbors6.length; route++) {
      let word = 0;
      while (
        word < 4 &&
        (frame.getInt32(at + word * 4) & this.#masks6[route * 4 + word]!) ===
          this.#networks6[route * 4 + word]
      ) {
        word++;
      }
      if (word === 4) return this.#neighbors6[route]!;
    }
    return NO_ROUTE;
  }
}
