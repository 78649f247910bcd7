/** The section `clusters[]`: the addresses that clients see, and the backends that serve them. */

import * as z from "zod";
import { beside, type Check, type Complain, type Contents } from "../input/contents.ts";
import type { Path } from "../input/places.ts";
import { isIpv6 } from "../wire/address.ts";
import { probes, probesAreWhole } from "./health.ts";
import { key, section } from "./key.ts";
import { agentsAreAtMost, areAtMost, bucketsAreAtMost, connectionsAreAtMost, MOST } from "./limits.ts";
import { linksOf } from "./links.ts";
import { LEAST_IPV6_MTU } from "./mtu.ts";
import {
  address,
  addressOnLink,
  choice,
  durationWithin,
  filePath,
  groupMac,
  list,
  name,
  port,
  prefix,
  uint32,
  wholeNumber,
  yesOrNo,
} from "./values.ts";

/** Of a cluster that does not say how many. */
const USUAL_BUCKETS = 4096;
const USUAL_CONNECTIONS = 16_384;

export const backend = section("use a mapping such as {name: web1, address: 10.0.0.11}", {
  name: key(name, {
    description: "Unique within the cluster. The names and weights decide which backend owns which bucket.",
    examples: ["web1"],
    checks: [areUnique("backend", "clusters[].backends[].name", name)],
  }),
  address: key(address, {
    description: "The backend's primary address on the dispatcher's link, of either family. " +
      "The MAC address that it leads to serves both families.",
    examples: ["10.0.0.11"],
    checks: [areUnique("backend", "clusters[].backends[].address", address), backendsAreOnLink],
  }),
  weight: key(wholeNumber(0, 100).default(1), {
    description:
      "Its share of the buckets, in proportion to the other weights. 0 drains it: it gets no new clients.",
    examples: [2],
  }),
  health: key(probes.optional(), {
    absent: "the cluster's",
    description: "Its own probes, in place of all of the cluster's.",
    examples: [{ type: "tcp", port: 8080 }],
  }),
  backup: key(yesOrNo.default(false), {
    description:
      "Gets traffic only while no other backend of the cluster is live: for a page that says sorry, for example.",
    examples: [true],
  }),
  mtu: key(wholeNumber(68, 9000).optional(), {
    absent: "that of the link",
    description:
      "The largest packet on the way to it, in octets, where that is less than `dispatcher.mtu`. " +
      "With an IPv6 cluster address, 1280 or more (RFC 8200 section 5).",
    examples: [1400],
    checks: [waysCarryIpv6],
  }),
});

const agent = section("use a mapping such as {keyFile: /etc/oneip/cluster.key}", {
  port: key(wholeNumber(1, 65_535).default(4120), {
    description: "The UDP port of the heartbeats, on every backend.",
    examples: [4120],
  }),
  keyFile: key(filePath, {
    description: "The file with the key that all backends share, 16 octets or more.",
    examples: ["/etc/oneip/cluster.key"],
  }),
  interval: key(durationWithin(50, 10_000, "250ms").prefault("250ms"), {
    as: "intervalMs",
    description: "The time between two heartbeats. A backend that misses four counts as dead.",
    examples: ["250ms"],
  }),
});

const transition = section("use a mapping such as {udp: stay, idle: 10m}", {
  udp: key(choice("follow", "stay").default("follow"), {
    description: "Where UDP, and whatever else has no beginning, goes while a bucket is in transition. " +
      "`follow`: to the new owner at once. `stay`: to the old owner until a flow has been silent for 30 s.",
    examples: ["stay"],
  }),
  idle: key(durationWithin(1000, 86_400_000, "5m").prefault("300s"), {
    as: "idleMs",
    description: "A bucket's transition ends when nothing was sent on its old connections for so long.",
    examples: ["10m"],
  }),
  most: key(durationWithin(1000, 604_800_000, "1h").prefault("1h"), {
    as: "mostMs",
    description:
      "It ends at the latest so long after the bucket has moved; connections that still are there are cut.",
    examples: ["8h"],
  }),
  connections: key(wholeNumber(16, MOST.connections).default(USUAL_CONNECTIONS), {
    description:
      "How many new connections of buckets in transition are remembered. From about two thirds on some find " +
      "no room, and go to the old owner; they are counted. It takes 52 octets of memory for each, rounded up to a power of " +
      `two; all clusters together may have ${MOST.connections}.`,
    examples: [65_536],
    checks: [connectionsAreAtMost(USUAL_CONNECTIONS)],
  }),
});

const mask = section("use a mapping such as {ipv4: 24, ipv6: 64}", {
  ipv4: key(wholeNumber(1, 32).default(32), {
    description: "Leading bits of an IPv4 client's address.",
    examples: [24],
  }),
  ipv6: key(wholeNumber(1, 128).default(128), {
    description: "Leading bits of an IPv6 client's address.",
    examples: [64],
  }),
});

export const cluster = section("use a mapping with name, addresses and backends", {
  name: key(name, {
    description: "Names the cluster in logs and commands.",
    examples: ["web"],
    checks: [areUnique("cluster", "clusters[].name", name)],
  }),
  addresses: key(list(address, "at least one cluster address"), {
    description: "The cluster addresses, IPv4 and IPv6, that clients see. No machine has one as its own.",
    examples: [["10.0.0.100", "2001:db8::100"]],
    checks: [clusterAddressesAreFree],
  }),
  technique: key(choice("route", "broadcast").default("route"), {
    description: "Who chooses the backend. `route`: the dispatcher. " +
      "`broadcast`: all backends get every frame, and each one's filter keeps its own.",
    examples: ["broadcast"],
  }),
  group: key(groupMac.prefault("ff:ff:ff:ff:ff:ff"), {
    description: "The MAC address that frames for all backends are sent to: broadcast or multicast.",
    examples: ["03:bf:0a:00:00:64"],
  }),
  fallback: key(choice("broadcast").optional(), {
    description:
      "With `broadcast` the backends serve on when the dispatcher is gone, each by its filter and agent. " +
      "Without it a cluster of technique `route` is then not served.",
    examples: ["broadcast"],
  }),
  agent: key(agent.optional(), {
    description: "Settings of `oneip filter agent`, by which the backends watch each other. " +
      `A cluster with agents may have ${MOST.agents} backends.`,
    examples: [{ keyFile: "/etc/oneip/cluster.key" }],
    checks: [agentsAreAtMost],
  }),
  buckets: key(
    wholeNumber(2, MOST.clusterBuckets)
      .refine((count) => Number.isInteger(Math.log2(count)), "use a power of two such as 4096")
      .default(USUAL_BUCKETS),
    {
      description:
        "How many buckets the clients are spread over; a power of two. More buckets follow the weights " +
        `more closely. All clusters together may have ${MOST.buckets}.`,
      examples: [4096],
      checks: [bucketsAreEnough, bucketsAreAtMost(USUAL_BUCKETS)],
    },
  ),
  seed: key(uint32.prefault(0), {
    description:
      "The seed of the hash: `seed` in nftables' `jhash`. It is the same on all machines of the cluster. With the known " +
      "seed 0 a client that has many addresses can choose those that lead to one backend: for a public cluster " +
      "address let `oneip config seed` make one, and keep it secret.",
    examples: [2718281828],
  }),
  algorithm: key(choice("maglev", "rendezvous", "modulo").default("maglev"), {
    description:
      "How buckets are given to backends. When a backend dies or returns, `maglev` and `rendezvous` move only " +
      "its clients; `modulo`, the plainest, moves most of all clients.",
    examples: ["rendezvous"],
  }),
  mask: key(mask.prefault({}), {
    description:
      "How much of a client's address is hashed. With fewer bits, all clients of such a network meet the " +
      "same backend. An IPv6 client owns a /64 and changes its address within it, so `ipv6: 64` is wise.",
    examples: [{ ipv4: 24, ipv6: 64 }],
  }),
  ports: key(list(port, "at least one port such as 80/tcp").optional(), {
    absent: "all",
    description:
      "The service ports; by default all are open. ICMP always passes, and so do later fragments, which have " +
      "no port: they are useless without the first one, whose port is checked.",
    examples: [["80/tcp", "443/tcp"]],
  }),
  closed: key(choice("reject", "drop").default("reject"), {
    description:
      "What happens to packets for other ports. `reject`: they are answered with a TCP reset or ICMP port " +
      "unreachable; protocols without ports, with ICMP administratively prohibited. `drop`: with nothing.",
    examples: ["drop"],
  }),
  noBackend: key(choice("reject", "last-resort").default("reject"), {
    description:
      "What happens when no backend is live. `reject`: packets are answered with ICMP host unreachable. " +
      "`last-resort`: they go on to the backends as if all were live. Those that drain get none of them, unless people have " +
      "drained all; who is taken down with `oneip drain --now` gets none.",
    examples: ["last-resort"],
  }),
  transition: key(transition.prefault({}), {
    description:
      "When a bucket moves from a backend that still answers, that one keeps its connections, and the new owner " +
      "gets the new ones. docs/transitions.md tells more.",
    examples: [{ udp: "stay", most: "8h" }],
  }),
  health: key(probes.optional(), {
    absent: "tcp at the TCP service ports",
    description:
      "By what the dispatcher sees whether a backend serves: one probe, or a list of several, all of which must pass; " +
      "`[]` for none. Whether the machine answers for its primary address is always watched.",
    examples: [{ type: "tcp", port: 80 }],
    checks: [probesAreWhole],
  }),
  minimum: key(wholeNumber(1, MOST.backends).optional(), {
    description:
      "With fewer live backends than this their health is ignored, and the log raises an alarm: rather the probes are wrong than " +
      "all of them. Who does not answer for its address is left out all the same.",
    examples: [2],
    checks: [minimumIsThere],
  }),
  flaps: key(wholeNumber(0, 1000).default(3), {
    description:
      "How often a backend may go down within a minute. One that does so more often is held down until it has stayed up for " +
      "a minute, and the log names it. 1000 is more often than a backend can: it is never held down.",
    examples: [5],
  }),
  slowStart: key(durationWithin(1000, 3_600_000, "30s").optional(), {
    as: "slowStartMs",
    description:
      "How long a backend takes that returns to get all of its buckets again: a tenth at once, then one more with each tenth of " +
      "this time. Not with the algorithm `modulo`.",
    examples: ["30s"],
    checks: [slowStartIsPossible],
  }),
  backends: key(list(backend, "at least one backend"), {
    description: `The servers behind the cluster addresses. All clusters together may have ${MOST.backends}.`,
    examples: [[{ name: "web1", address: "10.0.0.11" }, { name: "web2", address: "10.0.0.12", weight: 2 }]],
    checks: [areAtMost(MOST.backends, "clusters[].backends[]", "backends in all clusters"), someoneServes],
  }),
});

/** No two items of a list have the same value of a key. `place` ends in the key. */
function areUnique(what: string, place: string, schema: z.ZodType<string>): Check {
  const keyName = place.slice(place.lastIndexOf(".") + 1);
  return (contents, complain) => {
    const seen = new Set<string>();
    for (const { path, written, value } of contents.all(place, schema)) {
      const inList = JSON.stringify([path.slice(0, -2), value]);
      if (seen.has(inList)) {
        complain(
          path,
          `Two ${what}s have the same ${keyName}, found "${written}" again, use another ${keyName}`,
        );
      }
      seen.add(inList);
    }
  };
}

/** Only the MAC address of a frame is rewritten, so no router may stand in between. */
function backendsAreOnLink(contents: Contents, complain: Complain): void {
  const links = linksOf(contents);
  for (const { path, written, value } of contents.all("clusters[].backends[].address", address)) {
    if (links.isOwn(value)) {
      const role = rolesOf(contents).get(value);
      complain(path, `A backend has ${role}, found ${written}, use the backend's own primary address`);
    } else if (!links.reach(value)) {
      complain(
        path,
        `The backend is not on the link, found ${written}, use an address within ${links.names}: ` +
          "only the MAC address of a frame is rewritten, so a router in between would not know the way",
      );
    }
    const why = links.whyNobodys(value);
    if (why !== undefined) {
      complain(path, `The backend has ${why}, found ${written}, use a machine's address`);
    }
  }
}

/** An address that some machine has, or that stands for two clusters, would be answered from the wrong place. */
function clusterAddressesAreFree(contents: Contents, complain: Complain): void {
  const roles = rolesOf(contents);
  const links = linksOf(contents);
  for (const { path, written, value } of contents.all("clusters[].addresses[]", address)) {
    const role = roles.get(value) ?? links.whyNobodys(value);
    if (role !== undefined) {
      complain(
        path,
        `A cluster address must be nobody's own, found ${written}, which is ${role}, use a free address`,
      );
    }
    roles.set(value, `an address of cluster ${nameBeside(contents, path.slice(0, -1))}`);
  }
}

/** Path MTU messages with less than IPv6's least would make backends send what no IPv6 link needs. */
function waysCarryIpv6(contents: Contents, complain: Complain): void {
  for (const { path, value } of contents.all("clusters[].backends[].mtu", z.int().max(LEAST_IPV6_MTU - 1))) {
    const [, index] = path;
    const hasIpv6 = contents.all("clusters[].addresses[]", address).some((one) =>
      one.path[1] === index && isIpv6(one.value)
    );
    if (!hasIpv6) continue;
    complain(path, `The MTU is too small for IPv6, found ${value}, use ${LEAST_IPV6_MTU} or more`);
  }
}

/** Whose an address is: the dispatcher's, a backend's, a gateway's or a next hop's. The dispatcher's come first. */
function rolesOf(contents: Contents): Map<string, string> {
  const own = contents.all("dispatcher.addresses[]", addressOnLink).map(
    ({ written, value }): [string, string] => [value.address, `the dispatcher's address ${written}`],
  );
  const backends = contents.all("clusters[].backends[].address", address).map(
    ({ path, value }): [string, string] => [
      value,
      `the primary address of backend ${nameBeside(contents, path)}`,
    ],
  );
  const gateways = ["dispatcher.gateway", "dispatcher.gateway[]"].flatMap((place) =>
    contents.all(place, address)
  )
    .map(({ value }): [string, string] => [value, "the gateway"]);
  const nextHops = contents.all("dispatcher.routes[].via", address).map(
    ({ path, value }): [string, string] => [
      value,
      `the next hop to ${contents.at(beside(path, "prefix"), prefix)?.written ?? "a network"}`,
    ],
  );
  // Of two roles the first one stays, and a Map keeps the last.
  return new Map([...own, ...backends, ...gateways, ...nextHops].toReversed());
}

/** The name in the mapping that the value at this path stands in, in quotes. */
function nameBeside(contents: Contents, path: Path): string {
  return `"${contents.at(beside(path, "name"), z.string())?.value ?? ""}"`;
}

function bucketsAreEnough(contents: Contents, complain: Complain): void {
  for (const { path, value } of contents.all("clusters[].buckets", z.int().min(2))) {
    const backends = contents.at(beside(path, "backends"), z.array(z.unknown()))?.value.length ?? 0;
    if (backends > value) {
      complain(
        path,
        `There are more backends than buckets, found ${value} for ${backends} backends, use a larger power of two`,
      );
    }
  }
}

const anything = z.unknown();
const isBackup = z.literal(true);

function someoneServes(contents: Contents, complain: Complain): void {
  for (const { path, value } of contents.all("clusters[].backends", z.array(anything).min(1))) {
    const backups = value.filter((_, index) => contents.at([...path, index, "backup"], isBackup));
    if (backups.length < value.length) continue;
    complain(path, `All backends are backups, found ${value.length}, use one at least without \`backup\``);
  }
}

function minimumIsThere(contents: Contents, complain: Complain): void {
  for (const { path, value } of contents.all("clusters[].minimum", z.int())) {
    const backends = contents.at(beside(path, "backends"), z.array(anything))?.value.length ?? value;
    if (value <= backends) continue;
    complain(
      path,
      `The minimum is never reached, found ${value}, use ${backends} at most, which is how many backends there are`,
    );
  }
}

/** With it a change of one backend moves most buckets, so that nothing could come back bit by bit. */
function slowStartIsPossible(contents: Contents, complain: Complain): void {
  for (const { path, written } of contents.all("clusters[].slowStart", anything)) {
    if (contents.at(beside(path, "algorithm"), z.literal("modulo")) === undefined) continue;
    complain(
      path,
      `The algorithm modulo knows no slow start, found ${written}, use maglev or rendezvous, or leave it out`,
    );
  }
}
