/** The same packets through a router of the simulator, which is to be like Linux: what it sends for each. */

import { Host } from "../../src/sim/net/host.ts";
import { Network } from "../../src/sim/net/network.ts";
import { Port } from "../../src/sim/net/port.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { parseMac } from "../../src/wire/address.ts";
import type { RouterUnderTest } from "./cases.ts";

const PROBE = parseMac("02:00:00:00:00:09")!;

/** Of what it sends. */
const MTU = 1400;

/** So long after one that no limit of rates counts. */
const BETWEEN_MS = 10_000;

export async function simulatedOutcomes(
  { mac, ip, ip6 }: RouterUnderTest,
  frames: readonly Uint8Array<ArrayBuffer>[],
): Promise<string[][]> {
  const time = new VirtualClock();
  const router = new Host(time, "router", { forwards: true });
  const eth1 = router.addInterface("eth1", [`${ip}/24`, `${ip6}/64`], parseMac(mac)!);
  eth1.mtu = MTU;
  for (const address of ["10.0.0.9", "2001:db8::9", "fe80::9"]) eth1.neighbors.setPermanent(address, PROBE);
  for (const network of ["198.51.100.0/24", "192.0.2.0/24"]) router.ip.addRoute(network, ["10.0.0.9"]);
  for (const network of ["2001:db8:51::/64", "2001:db8:9::/64"]) router.ip.addRoute(network, ["2001:db8::9"]);
  const probe = new Port("probe", "eth1", PROBE);
  new Network(time, 1).join(probe, eth1.port);
  const outcomes: string[][] = [];
  for (const frame of frames) {
    const sent: string[] = [];
    probe.receive = (octets, length) => sent.push(Buffer.from(octets.subarray(0, length)).toString("hex"));
    probe.send(frame, frame.length);
    await time.advance(BETWEEN_MS);
    outcomes.push(sent);
  }
  return outcomes;
}
