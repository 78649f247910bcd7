/** A fleet: routers have routes to the cluster addresses, so nobody on the link is told where they are. */

import { expect, test } from "vitest";
import * as f from "../frames.ts";
import { ETHERTYPE, IP, IP6, MAC } from "../frames.ts";
import { Bench, PLAN } from "./arrange.ts";

const SOLICITED_NODE = { [IP6.cluster]: "33:33:ff:00:01:00", [IP6.dispatcher]: "33:33:ff:00:00:02" };

const arp = (targetIp: string, dst: string) => f.ethernet(f.arp({ targetIp }), { dst, type: ETHERTYPE.arp });
const solicit = (target: string, dst: string, to?: string) =>
  f.ethernet(f.solicitation({ target, ...(to === undefined ? {} : { to }) }), { dst, type: ETHERTYPE.ipv6 });

test.each([
  ["ARP to all for the cluster address", arp(IP.cluster, MAC.broadcast), "drop_arp_other"],
  ["ARP for the cluster address, asked of us alone", arp(IP.cluster, MAC.dispatcher), "drop_arp_other"],
  ["ARP for our address", arp(IP.dispatcher, MAC.broadcast), "answered_arp"],
  [
    "a solicitation of the cluster address, to its group",
    solicit(IP6.cluster, SOLICITED_NODE[IP6.cluster]!),
    "drop_not_ours",
  ],
  ["the same, to all nodes", solicit(IP6.cluster, "33:33:00:00:00:01"), "drop_nd_other"],
  ["the same, asked of us alone", solicit(IP6.cluster, MAC.dispatcher, IP6.cluster), "drop_nd_other"],
  ["a solicitation of our address", solicit(IP6.dispatcher, SOLICITED_NODE[IP6.dispatcher]!), "answered_nd"],
  [
    "a backend that is not silent: the verification hears of it",
    f.ethernet(f.arp({ senderIp: IP.cluster, senderMac: MAC.other }), {
      dst: MAC.broadcast,
      type: ETHERTYPE.arp,
    }),
    "heard_claim",
  ],
  ["a packet to the cluster", f.synToCluster(), "dispatched"],
])("%s", (_, frame, want) => {
  expect(new Bench({ ...PLAN, areClustersByRoute: true }).receive(frame).verdict).toBe(want);
});
