/** The dispatcher's links, as checks of other addresses see them. */

import type { Contents } from "../input/contents.ts";
import { type Cidr, contains, hostLength, isIpv6, isLinkLocal, lastOf, networkOf } from "../wire/address.ts";
import { addressOnLink } from "./values.ts";

export interface Links {
  /** As they are written, separated by commas. */
  readonly names: string;
  /** Is it one of the dispatcher's own addresses? */
  isOwn(address: string): boolean;
  /** True as well where no address of the dispatcher is right: then that is the mistake. */
  reach(address: string): boolean;
  /** Why it is no machine's, as the first or last of a link, such as `the broadcast address of 10.0.0.2/24`. */
  whyNobodys(address: string): string | undefined;
}

export function linksOf(contents: Contents): Links {
  const links = contents.all("dispatcher.addresses[]", addressOnLink);
  return {
    names: links.map(({ written }) => written).join(", "),
    isOwn: (address) => links.some(({ value }) => value.address === address),
    reach: (address) =>
      links.length === 0 || isLinkLocal(address) || links.some(({ value }) => contains(value, address)),
    whyNobodys: (address) => {
      for (const { written, value } of links) {
        const why = whyNobodysOf(value, address);
        if (why !== undefined) return `${why} of ${written}`;
      }
      return undefined;
    },
  };
}

/** Links of one or two addresses have neither: RFC 3021, RFC 6164. */
function whyNobodysOf(link: Cidr, address: string): string | undefined {
  if (hostLength(link.address) - link.prefixLength < 2) return undefined;
  if (address === networkOf(link)) {
    return isIpv6(address)
      ? "the subnet-router anycast address (RFC 4291 section 2.6.1)"
      : "the network address";
  }
  return !isIpv6(address) && address === lastOf(link) ? "the broadcast address" : undefined;
}
