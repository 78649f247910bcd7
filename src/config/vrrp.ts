/** The section `dispatcher.vrrp`: what a pair of dispatchers shares, and which of the two is active (RFC 9568). */

import * as z from "zod";
import type { Complain, Contents } from "../input/contents.ts";
import { type Cidr, contains, isIpv6, isLinkLocal, linkLocalOf } from "../wire/address.ts";
import * as vrrp from "../wire/vrrp.ts";
import { key, section } from "./key.ts";
import { areAtMost, MOST } from "./limits.ts";
import { linksOf } from "./links.ts";
import {
  address,
  addressOnLink,
  choice,
  durationWithin,
  filePath,
  list,
  unicastMac,
  wholeNumber,
  yesOrNo,
} from "./values.ts";

const ADDRESSES = "dispatcher.vrrp.addresses[]";
const INTERVAL = "dispatcher.vrrp.interval";

const priorityRemedy =
  "use a whole number from 1 to 254; 255 is for a router that has the addresses alone, and here two share them";

const intervalWithin = durationWithin(10, vrrp.MOST_INTERVAL_MS, "50ms");

const peer = section("use a mapping such as {address: 10.0.0.3, keyFile: /etc/oneip/pair.key}", {
  address: key(address, {
    description: "An address of the other dispatcher's own, on the link.",
    examples: ["10.0.0.3"],
    checks: [peerIsAnother],
  }),
  port: key(wholeNumber(1, 65_535).default(4121), {
    description: "The UDP port by which the two tell each other what they share.",
    examples: [4121],
  }),
  keyFile: key(filePath, {
    description: "The file with the key that both have, 16 octets or more; relative to this one.",
    examples: ["/etc/oneip/pair.key"],
  }),
});

export const pair = section("use a mapping such as {id: 51, addresses: [10.0.0.1/24]}", {
  id: key(wholeNumber(1, 255), {
    description:
      "The number of the virtual router (VRID), the same in both dispatchers, and no other router's on the link. " +
      "Its MAC address is 00:00:5e:00:01 and this number, in IPv6 00:00:5e:00:02 and this number.",
    examples: [51],
  }),
  addresses: key(list(addressOnLink, "at least one address with prefix length"), {
    description:
      "The addresses that the active one has besides those of the clusters: the next hops that routers send to. " +
      "The same in both dispatchers, on the link of their own addresses, and nobody else's; one at least of each family that the " +
      `clusters have, and ${MOST.sharedAddresses} at most. In IPv6 a link-local one belongs to them; it is made from the virtual MAC where none is named.`,
    examples: [["10.0.0.4/24", "2001:db8::4/64"]],
    checks: [
      areAtMost(MOST.sharedAddresses, ADDRESSES, "shared addresses"),
      sharedAddressesAreFree,
      familiesAreWhole,
    ],
  }),
  priority: key(z.int(priorityRemedy).min(1, priorityRemedy).max(254, priorityRemedy).default(100), {
    description:
      "When both could become active the one with the higher priority does; of two with the same one the one with the higher address.",
    examples: [200],
  }),
  interval: key(intervalWithin.prefault("100ms"), {
    as: "intervalMs",
    description:
      "The time between two advertisements of the active one, a multiple of 10ms. The other one takes over when it has heard none for " +
      "three to four times as long. Short ones need a machine that has time.",
    examples: ["50ms"],
    checks: [intervalIsWhole],
  }),
  preempt: key(yesOrNo.default(false), {
    description:
      "Whether a dispatcher with a higher priority takes over from an active one that serves. `false`: who is active stays so.",
    examples: [true],
  }),
  peer: key(peer.optional(), {
    absent:
      "none: a take-over in the middle of a transition may cut connections, and drains by command are not known to the other one",
    description:
      "The other dispatcher, to which the active one tells its maps, its transitions with their connections, and what people have " +
      "decided by command (docs/pair.md).",
    examples: [{ address: "10.0.0.3", keyFile: "/etc/oneip/pair.key" }],
  }),
  checksum: key(choice("pseudo-header", "rfc").default("pseudo-header"), {
    description:
      "How the checksum of IPv4 advertisements is made. `pseudo-header`: as keepalived and FRR do and demand (RFC 5798). " +
      "`rfc`: without a pseudo-header (RFC 9568 section 5.2.8). Both are understood.",
    examples: ["rfc"],
  }),
});

/** The addresses of the virtual router, canonical text: in IPv6 its link-local one is the first, RFC 9568 section 5.2.9. */
export function sharedAddresses(
  { id, addresses }: { readonly id: number; readonly addresses: readonly Cidr[] },
): string[] {
  const all = addresses.map(({ address }) => address);
  const six = all.filter(isIpv6);
  const linkLocal = six.find(isLinkLocal) ?? linkLocalOf(vrrp.macOf(id, true));
  return [
    ...all.filter((address) => !isIpv6(address)),
    ...(six.length > 0 ? [linkLocal] : []),
    ...six.filter((address) => address !== linkLocal),
  ];
}

/** The dispatcher's MAC must not be a virtual one, which both would have. */
export function macIsNotVirtual(contents: Contents, complain: Complain): void {
  const found = contents.at(["dispatcher", "mac"], unicastMac);
  if (found === undefined) return;
  const { high, low } = found.value;
  if (high !== 0 || ![vrrp.macOf(0, false).low, vrrp.macOf(0, true).low].includes(low & ~0xff)) return;
  complain(
    found.path,
    `The MAC address is that of a virtual router (RFC 9568 section 7.3), found ${found.written}, use another one such as 02:00:00:00:00:01`,
  );
}

function sharedAddressesAreFree(contents: Contents, complain: Complain): void {
  const links = linksOf(contents);
  const own = contents.all("dispatcher.addresses[]", addressOnLink).map(({ value }) => value);
  const others = othersIn(contents);
  const seen = new Set<string>();
  let linkLocals = 0;
  for (const { path, written, value } of contents.all(ADDRESSES, addressOnLink)) {
    const { address, prefixLength } = value;
    const link = own.find((link) => contains(link, address));
    const why = links.isOwn(address)
      ? "the dispatcher's own"
      : others.get(address) ?? links.whyNobodys(address);
    if (why !== undefined) {
      complain(
        path,
        `A shared address must be nobody's own, found ${written}, which is ${why}, use a free address of the link`,
      );
    } else if (!links.reach(address)) {
      complain(
        path,
        `A shared address is not on the link, found ${written}, use an address within ${links.names}`,
      );
    } else if (link !== undefined && link.prefixLength !== prefixLength) {
      complain(
        path,
        `A shared address has another prefix length than its link, found ${written}, use /${link.prefixLength}`,
      );
    }
    if (seen.has(address)) {
      complain(path, `An address stands there twice, found ${written} again, leave one of them out`);
    }
    if (isIpv6(address) && isLinkLocal(address) && ++linkLocals === 2) {
      complain(path, `There are two link-local addresses, found ${written} as well, use one`);
    }
    seen.add(address);
  }
}

function peerIsAnother(contents: Contents, complain: Complain): void {
  const found = contents.at(["dispatcher", "vrrp", "peer", "address"], address);
  if (found === undefined) return;
  const { path, written, value } = found;
  const links = linksOf(contents);
  const shared = contents.all(ADDRESSES, addressOnLink).some((one) => one.value.address === value);
  const why = links.isOwn(value)
    ? "this dispatcher's own"
    : shared
    ? "one that both share"
    : othersIn(contents).get(value) ?? links.whyNobodys(value);
  if (why !== undefined) {
    return complain(
      path,
      `The other dispatcher is told at an address of its own, found ${written}, which is ${why}, use one of its dispatcher.addresses`,
    );
  }
  if (links.reach(value)) return;
  complain(
    path,
    `The other dispatcher is not on the link, found ${written}, use an address within ${links.names}`,
  );
}

/** Whose addresses are that no pair can share. */
function othersIn(contents: Contents): ReadonlyMap<string, string> {
  const at = (place: string, what: string) =>
    contents.all(place, address).map(({ value }): [string, string] => [value, what]);
  return new Map([
    ...at("dispatcher.routes[].via", "a next hop"),
    ...at("dispatcher.gateway", "the gateway"),
    ...at("dispatcher.gateway[]", "the gateway"),
    ...at("clusters[].backends[].address", "a backend's"),
    ...at("clusters[].addresses[]", "a cluster's, which the active one has anyway"),
  ]);
}

/** In a family in which nobody is active, nobody would answer for the clusters. */
function familiesAreWhole(contents: Contents, complain: Complain): void {
  const shared = contents.all(ADDRESSES, addressOnLink).map(({ value }) => isIpv6(value.address));
  if (shared.length === 0) return;
  const clusters = contents.all("clusters[].addresses[]", address).map(({ value }) => isIpv6(value));
  for (const family of new Set(clusters)) {
    if (shared.includes(family)) continue;
    const [name, example] = family ? ["IPv6", "2001:db8::4/64"] : ["IPv4", "10.0.0.4/24"];
    complain(
      ["dispatcher", "vrrp", "addresses"],
      `The clusters have ${name} addresses and the pair shares none, found ${shared.length} of the other family, add one such as ${example}`,
    );
  }
}

/** Advertisements say it in hundredths of a second. */
function intervalIsWhole(contents: Contents, complain: Complain): void {
  for (const { path, written, value } of contents.all(INTERVAL, intervalWithin)) {
    if (value % 10 === 0) continue;
    complain(
      path,
      `The interval is no multiple of 10ms, found ${written}, use ${Math.ceil(value / 10) * 10}ms`,
    );
  }
}
