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

/** What is looked for again and again while the contents stay the same. */
const linksIn = new WeakMap<Contents, Links>();

export function linksOf(contents: Contents): Links {
  const links = linksIn.get(contents) ?? findLinks(contents);
  linksIn.set(contents, links);
  return links;
}

function findLinks(contents: Contents): Links {
  const links = contents.all("dispatcher.addresses[]", addressOnLink);
  const own = new Set(links.map(({ value }) => value.address));
  const nobodys = new Map(
    links.flatMap(({ written, value }) => nobodysOf(value, `of ${written}`)).toReversed(),
  );
  return {
    names: links.map(({ written }) => written).join(", "),
    isOwn: (address) => own.has(address),
    reach: (address) =>
      links.length === 0 || isLinkLocal(address) || links.some(({ value }) => contains(value, address)),
    whyNobodys: (address) => nobodys.get(address),
  };
}

/** Links of one or two addresses have none: RFC 3021, RFC 6164. */
function nobodysOf(link: Cidr, whose: string): [string, string][] {
  if (hostLength(link.address) - link.prefixLength < 2) return [];
  return isIpv6(link.address)
    ? [[networkOf(link), `the subnet-router anycast address (RFC 4291 section 2.6.1) ${whose}`]]
    : [[networkOf(link), `the network address ${whose}`], [lastOf(link), `the broadcast address ${whose}`]];
}
