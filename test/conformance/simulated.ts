/** The same packets sent to a router of the simulator, in memory: what it sends, for each of them. */

import { VirtualClock } from "oneip";
import { parseMac } from "../../src/wire/address.ts";
import { Host } from "../../src/sim/net/host.ts";
import { Network } from "../../src/sim/net/network.ts";
import { macOf, Port } from "../../src/sim/net/port.ts";
import * as f from "../frames.ts";
import type { Case, RouterUnderTest } from "./cases.ts";

const PROBE = parseMac("02:00:00:00:00:09")!;
/** Between two packets: all limits of ICMP errors are full again. */
const BETWEEN_MS = 10_000;

export async function simulated(cases: readonly Case[], router: RouterUnderTest): Promise<string[][]> {
  const time = new VirtualClock();
  const network = new Network(time);
  const host = new Host(time, "router", { forwards: true });
  const link = host.addInterface("eth1", [`${router.ip}/24`, `${router.ip6}/64`], parseMac(router.mac));
  // The MTU of a way is that of a link.
  const narrow = host.addInterface("eth2", ["10.9.0.3/24", "2001:db8:99::3/64"], macOf("router", "eth2"));
  narrow.mtu = 1400;
  const probes = [link, narrow].map((to, index) => {
    const probe = new Port("probe", `eth${index}`, PROBE);
    network.join(probe, to.port);
    return probe;
  });
  for (const [on, addresses] of [[link, ["10.0.0.9", "2001:db8::9", "fe80::9"]], [narrow, NARROW]] as const) {
    for (const address of addresses) on.neighbors.setPermanent(address, PROBE);
  }
  host.ip.addRoute("198.51.100.0/24", ["10.0.0.9"]);
  host.ip.addRoute("2001:db8:51::/64", ["2001:db8::9"]);
  host.ip.addRoute("192.0.2.0/24", ["10.9.0.9"]);
  host.ip.addRoute("2001:db8:9::/64", ["2001:db8:99::9"]);

  let sent: string[] = [];
  for (const probe of probes) {
    probe.receive = (octets, length) => {
      if (!isQuestion(octets)) sent.push(Buffer.from(octets.subarray(0, length)).toString("hex"));
    };
  }
  const outcomes: string[][] = [];
  for (const row of cases) {
    sent = [];
    const frame = row.frame(router);
    probes[0]!.send(frame, frame.length);
    await time.advance(BETWEEN_MS);
    outcomes.push(sent);
  }
  return outcomes;
}

const NARROW = ["10.9.0.9", "2001:db8:99::9"];

/** Who asks where somebody is does not answer. */
function isQuestion(frame: Uint8Array): boolean {
  const type = (frame[12]! << 8) | frame[13]!;
  return type === f.ETHERTYPE.arp || (type === f.ETHERTYPE.ipv6 && frame[20] === 58 && frame[54] === 135);
}
