/** The dispatcher's links, as checks of other addresses see them. */

import type { Contents } from "../input/contents.ts";
import { contains, isLinkLocal } from "../wire/address.ts";
import { addressOnLink } from "./values.ts";

export interface Links {
  /** As they are written, separated by commas. */
  readonly names: string;
  /** Is it one of the dispatcher's own addresses? */
  isOwn(address: string): boolean;
  /** True as well where no address of the dispatcher is right: then that is the mistake. */
  reach(address: string): boolean;
}

export function linksOf(contents: Contents): Links {
  const links = contents.all("dispatcher.addresses[]", addressOnLink);
  return {
    names: links.map(({ written }) => written).join(", "),
    isOwn: (address) => links.some(({ value }) => value.address === address),
    reach: (address) =>
      links.length === 0 || isLinkLocal(address) || links.some(({ value }) => contains(value, address)),
  };
}
