/** The section `dispatcher`: the machine, its link, and the dispatcher's own place on it. */

import * as z from "zod";
import { beside, type Check, type Complain, type Contents } from "../input/contents.ts";
import { isIpv6, networkOf } from "../wire/address.ts";
import { key, section } from "./key.ts";
import { areAtMost, MOST } from "./limits.ts";
import { linksOf } from "./links.ts";
import { LEAST_IPV6_MTU } from "./mtu.ts";
import {
  address,
  addressOnLink,
  choice,
  durationWithin,
  durationWithinOrNever,
  fastPath,
  interfaceName,
  list,
  oneOrMore,
  prefix,
  unicastMac,
  userName,
  wholeNumber,
  word,
  yesOrNo,
} from "./values.ts";
import { macIsNotVirtual, pair } from "./vrrp.ts";

const TAP = "oneip0";

const gateways = oneOrMore(address, "use an address, or a list of one for each family");

const route = section("use a mapping such as {prefix: 192.0.2.0/24, via: 10.0.0.1}", {
  prefix: key(prefix, {
    description: "The other network. `0.0.0.0/0` and `::/0` stand for all.",
    examples: ["192.0.2.0/24"],
    checks: [prefixesAreDifferent],
  }),
  via: key(address, {
    description: "The next hop: another router's address on the dispatcher's link, of the prefix's family.",
    examples: ["10.0.0.1"],
    checks: [isOnLink("The next hop", "dispatcher.routes[].via"), hasFamilyOfPrefix],
  }),
});

const announce = section("use a mapping such as {count: 3, interval: 1s, refresh: 60s}", {
  count: key(wholeNumber(0, 100).default(3), {
    description: "How many times each address is announced when the dispatcher starts.",
    examples: [3],
  }),
  interval: key(durationWithin(10, 60_000, "1s").prefault("1s"), {
    as: "intervalMs",
    description: "The time between two of these announcements.",
    examples: ["1s"],
  }),
  refresh: key(durationWithinOrNever(1000, 86_400_000, "60s").prefault("60s"), {
    as: "refreshMs",
    description: "The time between two announcements from then on. `0s`: none.",
    examples: ["60s"],
  }),
});

const answersPerSecond = () => wholeNumber(0, 1_000_000).default(1000);

const rateLimits = section("use a mapping such as {timeExceeded: 1000}", {
  timeExceeded: key(answersPerSecond(), {
    description: "ICMP time exceeded, which `traceroute` shows as a hop (RFC 792, RFC 4443).",
    examples: [1000],
  }),
  unreachable: key(answersPerSecond(), {
    description: "ICMP destination unreachable: no route, no backend, or a closed port (RFC 792, RFC 4443).",
    examples: [1000],
  }),
  tooBig: key(answersPerSecond(), {
    description: "ICMP fragmentation needed (RFC 1191) and packet too big (RFC 8201).",
    examples: [1000],
  }),
  parameterProblem: key(answersPerSecond(), {
    description: "ICMP parameter problem (RFC 792, RFC 4443).",
    examples: [1000],
  }),
  reset: key(answersPerSecond(), {
    description: "TCP resets for closed ports (RFC 9293).",
    examples: [1000],
  }),
});

export const dispatcher = section("use a mapping with interface and addresses", {
  interface: key(interfaceName.default(TAP), {
    description: "The TAP interface that is created, or adopted if it exists.",
    examples: ["oneip0"],
  }),
  bridge: key(interfaceName.optional(), {
    description: "The bridge that the TAP joins. Without one, plug the TAP in yourself, or route to it.",
    examples: ["br0"],
  }),
  mac: key(unicastMac.optional(), {
    absent: "one that belongs to this machine and interface",
    description: "The dispatcher's own MAC address, not that of the TAP's kernel side. " +
      "By default it is made from the machine's id, the network namespace's name (`ip netns`) and the interface's name, " +
      "so it is the same at every start.",
    examples: ["02:00:00:00:00:01"],
    checks: [macIsNotVirtual],
  }),
  vlan: key(wholeNumber(1, 4094).optional(), {
    description:
      "The VLAN whose tag every frame carries (IEEE 802.1Q). Frames without a tag or with another one " +
      "are then dropped. By default no frame is tagged, but for tags that carry only a priority. Each frame keeps " +
      "the priority that it came with.",
    examples: [10],
  }),
  mtu: key(wholeNumber(576, 9000).default(1500), {
    description: "The largest packet of the link, in octets; with IPv6, 1280 or more (RFC 8200 section 5).",
    examples: [1500],
    checks: [linkCarriesIpv6],
  }),
  addresses: key(list(addressOnLink, "at least one address with prefix length"), {
    description: "The dispatcher's own addresses, IPv4 and IPv6: the next hops that routers send to. " +
      "They must be free: no other machine's, nor this machine's. Backends must be on these links. " +
      "The first of each family is the source of its ICMP errors. Without an IPv4 one it sends no errors in IPv4. " +
      "Without an IPv6 one they come from its link-local address, and routers do not pass them on, packet too big among them.",
    examples: [["10.0.0.2/24", "2001:db8::2/64"]],
    checks: [ownAddressesAreMachines],
  }),
  gateway: key(
    gateways.prefault([]),
    {
      as: "gateways",
      description:
        "The router that gets the dispatcher's own answers to clients off the link, one for each family. " +
        "Without one they go back to the machine that brought the question.",
      examples: [["10.0.0.1", "2001:db8::1"], "10.0.0.1"],
      checks: [isOnLink("The gateway", "dispatcher.gateway", "dispatcher.gateway[]"), areOfTwoFamilies],
    },
  ),
  routes: key(
    z.array(route, "use a list such as [{prefix: 192.0.2.0/24, via: 10.0.0.1}]").default([]),
    {
      description: "Other networks, to which the dispatcher forwards as a router. The longest prefix wins. " +
        `There may be ${MOST.routes}.`,
      examples: [[{ prefix: "192.0.2.0/24", via: "10.0.0.1" }]],
      checks: [areAtMost(MOST.routes, "dispatcher.routes[]", "routes")],
    },
  ),
  announce: key(announce.prefault({}), {
    description:
      "How often the dispatcher says where its own and the cluster addresses are, by gratuitous ARP (RFC 5227) " +
      "and unsolicited neighbor advertisements (RFC 4861 section 7.2.6). " +
      "A switch forgets a MAC address that is silent for some 300 s, a router an address after some 1200 s.",
    examples: [{ count: 3, interval: "1s", refresh: "60s" }],
  }),
  vrrp: key(pair.optional(), {
    description:
      "A second dispatcher on the link that takes over when this one is gone (docs/pair.md), by VRRP version 3 (RFC 9568). " +
      "Both have the same clusters, and addresses and MACs of their own.",
    examples: [{ id: 51, addresses: ["10.0.0.4/24"], interval: "50ms" }],
  }),
  rateLimits: key(rateLimits.prefault({}), {
    description: "How many ICMP errors and resets of each kind are sent in a second, by each queue. " +
      "50 more may go at once; 0 sends none.",
    examples: [{ timeExceeded: 1000, reset: 0 }],
  }),
  queues: key(wholeNumber(1, 64).default(1), {
    description:
      "The TAP's queues, each with a data-plane worker: one for each core that forwarding may take. " +
      "A flow stays with one queue, so its frames stay in order.",
    examples: [2],
  }),
  onEvent: key(list(word, "at least the program").optional(), {
    description:
      "A program and its arguments, a word each, that is run for each event, such as `backend.down`; no shell reads them. Its " +
      "environment says which, by ONEIP_EVENT and ONEIP_EVENT_JSON (docs/service.md). Four run at once; after 10 s one is killed, with " +
      "all that it has started.",
    examples: [["/usr/local/bin/tell-chat", "--quiet"]],
  }),
  fastPath: key(fastPath.default("auto"), {
    description:
      "Whether the kernel itself passes on the frames that are plain and settled (docs/fast-path.md). `auto`: where it can; where it " +
      "cannot, the log says why. `on`: where it cannot, the dispatcher does not start. `off`: never. " +
      "`{attach: uplink, interface: eth1}`: as `on`, but already where frames come in from the link, which is quicker for small " +
      "ones, and bypasses the bridge and its rules. The clients' router and all backends must then be behind that interface.",
    examples: ["off", { attach: "uplink", interface: "eth1" }],
    checks: [uplinkLeadsToLink],
  }),
  user: key(userName.optional(), {
    absent: "whoever started it",
    description:
      "The user that the dispatcher becomes when its TAP is open, with that user's group, CAP_NET_ADMIN and CAP_BPF, when root starts it. " +
      "That user must be able to read this file, for a reload, and the checkout. Probes of type `exec` and the command of `onEvent` run as that user.",
    examples: ["oneip"],
  }),
  verify: key(choice("warn", "refuse", "off").default("warn"), {
    description: "What happens when the verification at the start finds a fault: " +
      "a warning in the log, or the dispatcher refuses to start. `off`: it does not verify. " +
      "Faults that are found later are logged.",
    examples: ["refuse"],
  }),
  offloads: key(yesOrNo.default(true), {
    description:
      "Frames of up to 64 KiB, and checksums left to the network card, as far as the kernel grants it " +
      "(virtio-net header, TSO, USO). What the kernel refuses is a warning in the log.",
    examples: [false],
  }),
});

function ownAddressesAreMachines(contents: Contents, complain: Complain): void {
  const links = linksOf(contents);
  const seen = new Set<string>();
  for (const { path, written, value: { address } } of contents.all("dispatcher.addresses[]", addressOnLink)) {
    const why = links.whyNobodys(address);
    if (why !== undefined) complain(path, `The address is ${why}, found ${written}, use one of a machine`);
    if (seen.has(address)) {
      complain(path, `An address stands there twice, found ${written} again, leave one of them out`);
    }
    seen.add(address);
  }
}

function uplinkLeadsToLink(contents: Contents, complain: Complain): void {
  const tap = contents.at(["dispatcher", "interface"], interfaceName)?.value ?? TAP;
  const bridge = contents.at(["dispatcher", "bridge"], interfaceName)?.value;
  for (const { path, value } of contents.all("dispatcher.fastPath.interface", interfaceName)) {
    if (value !== tap && value !== bridge) continue;
    const what = value === tap ? "own TAP" : "bridge";
    complain(
      path,
      `The uplink is the dispatcher's ${what}, found ${value}, use the interface that leads to the link, such as eth1`,
    );
  }
}

function linkCarriesIpv6(contents: Contents, complain: Complain): void {
  const addresses = [
    ...contents.all("dispatcher.addresses[]", addressOnLink).map(({ value }) => value.address),
    ...contents.all("clusters[].addresses[]", address).map(({ value }) => value),
    ...contents.all("clusters[].backends[].address", address).map(({ value }) => value),
  ];
  if (!addresses.some(isIpv6)) return;
  for (const { path, value } of contents.all("dispatcher.mtu", z.int().max(LEAST_IPV6_MTU - 1))) {
    complain(path, `The MTU is too small for IPv6, found ${value}, use ${LEAST_IPV6_MTU} or more`);
  }
}

function prefixesAreDifferent(contents: Contents, complain: Complain): void {
  const seen = new Set<string>();
  for (const { path, written, value } of contents.all("dispatcher.routes[].prefix", prefix)) {
    const network = `${networkOf(value)}/${value.prefixLength}`;
    if (seen.has(network)) {
      complain(path, `Two routes have the same prefix, found ${written} again, leave one of them out`);
    }
    seen.add(network);
  }
}

/** The next hops at these places are other machines of the link. */
function isOnLink(what: string, ...places: readonly string[]): Check {
  return (contents, complain) => {
    const links = linksOf(contents);
    for (const { path, written, value } of places.flatMap((place) => contents.all(place, address))) {
      if (links.isOwn(value)) {
        complain(path, `${what} is the dispatcher itself, found ${written}, use another machine's address`);
      } else if (!links.reach(value)) {
        complain(path, `${what} is not on the link, found ${written}, use an address within ${links.names}`);
      }
      const why = links.whyNobodys(value);
      if (why !== undefined) complain(path, `${what} is ${why}, found ${written}, use a machine's address`);
    }
  };
}

function areOfTwoFamilies(contents: Contents, complain: Complain): void {
  const families = contents.all("dispatcher.gateway[]", address).map(({ value }) => isIpv6(value));
  if (new Set(families).size < families.length) {
    complain(
      ["dispatcher", "gateway"],
      "There are two gateways of one family, found both, use one for each family",
    );
  }
}

function hasFamilyOfPrefix(contents: Contents, complain: Complain): void {
  for (const { path, value } of contents.all("dispatcher.routes[].via", address)) {
    const network = contents.at(beside(path, "prefix"), prefix);
    if (network === undefined || isIpv6(network.value.address) === isIpv6(value)) continue;
    complain(
      path,
      `The next hop is of another family than the prefix, found ${value} for ${network.written}, use one of the same`,
    );
  }
}
