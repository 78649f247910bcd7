/** The section `fleet`: several dispatchers at once, to which routers spread the clients by equal-cost routes. */

import * as z from "zod";
import type { Complain, Contents } from "../input/contents.ts";
import { isIpv6 } from "../wire/address.ts";
import { etcd } from "./etcd.ts";
import { key, section } from "./key.ts";
import { address, addressOnLink, durationWithinOrNever, name, socketPath } from "./values.ts";

/** What BIRD allows (SYM_MAX_LEN in its conf/conf.h), without the words around a cluster's name: src/fleet/announcement.ts. */
const LONGEST_NAME = 64 - "oneip__ipv4_drain".length;

const bird = section("use a mapping such as {socket: /run/bird/bird.ctl}", {
  socket: key(socketPath.default("/run/bird/bird.ctl"), {
    description: "BIRD's control socket, on this machine.",
    examples: ["/run/bird/bird.ctl"],
  }),
  drain: key(durationWithinOrNever(10, 60_000, "2s").prefault("2s"), {
    as: "drainMs",
    description:
      "Before a planned stop the routes are announced as leaving for so long (RFC 8326), so that routers have gone over to other " +
      "dispatchers when they are withdrawn. `0s`: they are withdrawn at once.",
    examples: ["5s"],
  }),
});

export const fleet = section("use a mapping such as {bird: {socket: /run/bird/bird.ctl}}, or {}", {
  bird: key(bird.optional(), {
    absent: "none, and the routers' routes are static",
    description:
      "BIRD on this machine announces the clusters' routes while this dispatcher can serve them: `oneip router guide` prints its " +
      "configuration. `{}` is BIRD with its usual socket.",
    examples: [{ socket: "/run/bird/bird.ctl", drain: "2s" }],
    checks: [namesAreShort, noneIsOfPair],
  }),
  etcd: key(etcd.optional(), {
    absent: "none, and each dispatcher goes by its own file and its own probes",
    description:
      "Where the dispatchers find what they share: the clusters, what people have decided of backends, and what each finds of them " +
      "(docs/etcd.md). A list of etcd's members, or a mapping.",
    examples: [["http://10.0.0.5:2379", "http://10.0.0.6:2379", "http://10.0.0.7:2379"]],
  }),
});

const anything = z.unknown();

function namesAreShort(contents: Contents, complain: Complain): void {
  if (contents.at(["fleet", "bird"], anything) === undefined) return;
  for (const { path, written, value } of contents.all("clusters[].name", name)) {
    if (value.length <= LONGEST_NAME) continue;
    complain(
      path,
      `The name is too long to be a part of a name in BIRD, found ${written} with ${value.length} characters, use ${LONGEST_NAME} at most`,
    );
  }
}

/** Each dispatcher that BIRD announces is a next hop by itself, and the other ones of the fleet are there when it dies. */
function noneIsOfPair(contents: Contents, complain: Complain): void {
  if (contents.at(["dispatcher", "vrrp"], anything) === undefined) return;
  for (const { path } of contents.all("fleet.bird", anything)) {
    complain(
      path,
      "BIRD announces each dispatcher by itself, found dispatcher.vrrp as well, leave one of the two out: " +
        "with vrrp the router's routes to the pair are static",
    );
  }
}

/** The backends' agents take the cluster addresses over by ARP, which no router of a fleet asks. */
export function nobodyFallsBack(contents: Contents, complain: Complain): void {
  if (contents.at(["fleet"], anything) === undefined) return;
  for (const { path, written } of contents.all("clusters[].fallback", anything)) {
    complain(
      path,
      `In a fleet no router asks by ARP who has a cluster address, so there is no fallback, found ${written}, leave it out`,
    );
  }
}

/** A route needs a next hop of its family. */
export function addressesHaveNextHops(contents: Contents, complain: Complain): void {
  if (contents.at(["fleet"], anything) === undefined) return;
  const own = contents.all("dispatcher.addresses[]", addressOnLink).map(({ value }) => value.address);
  if (own.length === 0) return;
  for (const { path, written, value } of contents.all("clusters[].addresses[]", address)) {
    if (own.some((hop) => isIpv6(hop) === isIpv6(value))) continue;
    complain(
      path,
      `In a fleet a cluster address is reached by way of the dispatcher's own, found ${written} and no ${
        isIpv6(value) ? "IPv6" : "IPv4"
      } address ` +
        "of the dispatcher, add one to dispatcher.addresses",
    );
  }
}
