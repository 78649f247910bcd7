/** Whatever comes, a host goes on; and whatever a link does, what a connection carries is whole. */

import { expect, test } from "vitest";
import { VirtualClock } from "oneip";
import { Host } from "../../../src/sim/net/host.ts";
import { Network } from "../../../src/sim/net/network.ts";
import { Port } from "../../../src/sim/net/port.ts";
import { parseMac } from "../../../src/wire/address.ts";
import * as f from "../../frames.ts";
import { roundsOf } from "../../needs.ts";
import { draw } from "../../path/fuzz.ts";
import { Random } from "../../random.ts";
import { arrange } from "./arrange.ts";

const FRAMES = roundsOf(2_000);

test(`${FRAMES} arbitrary frames to a router and server: no exception, and it still answers`, async () => {
  const random = new Random(16);
  const time = new VirtualClock();
  const host = new Host(time, "host", { forwards: true });
  const eth0 = host.addInterface("eth0", [`${f.IP.dispatcher}/24`, `${f.IP6.dispatcher}/64`], {
    ...parseMac(f.MAC.dispatcher)!,
  });
  for (const cluster of [f.IP.cluster, f.IP6.cluster]) {
    host.ip.addAddress(undefined, `${cluster}/${cluster.includes(":") ? 128 : 32}`);
  }
  host.ip.addRoute("0.0.0.0/0", [f.IP.router]);
  host.ip.addRoute("::/0", [f.IP6.router]);
  host.tcp.listen(80, (connection) => ({ received: (data) => connection.write(data.slice()) }));
  host.udp.listen(53, { received: () => {} });
  const probe = new Port("probe", "eth0", parseMac(f.MAC.router)!);
  new Network(time).join(probe, eth0.port);
  let answers = 0;
  probe.receive = () => answers++;
  for (let count = 0; count < FRAMES; count++) {
    const frame = Uint8Array.from(draw(random));
    probe.send(frame, frame.length);
    await time.advance(random.below(20));
  }
  expect(answers).toBeGreaterThan(FRAMES / 20);
  answers = 0;
  const ping = f.ethernet(f.ipv4(f.icmp(8, 0, [1]), { src: f.IP.router, dst: f.IP.dispatcher, protocol: 1 }));
  eth0.neighbors.setPermanent(f.IP.router, probe.mac);
  await time.advance(1000);
  answers = 0;
  probe.send(ping, ping.length);
  await time.advance(1);
  expect(answers).toBe(1);
});

const DOWNLOADS = roundsOf(4);

test(`${DOWNLOADS} connections over links that lose, double, reorder and spoil: all is whole, both ways`, async () => {
  for (let seed = 1; seed <= DOWNLOADS; seed++) {
    const random = new Random(seed);
    const { time, client, servers, outside, inside } = arrange(seed);
    const share = () => random.below(50) / 1000;
    for (const link of [outside, inside]) {
      link.set(undefined, {
        loss: share(),
        duplicate: share(),
        reorder: share(),
        corrupt: share(),
        jitterUs: 300,
        delayUs: 400,
        seed,
      });
    }
    const octets = Uint8Array.from(random.octets(20_000 + random.below(40_000)));
    const [there, back]: number[][] = [[], []];
    servers[0].tcp.listen(80, (connection) => ({
      received: (data) => {
        there!.push(...data);
        connection.write(data.slice());
      },
      ended: () => connection.end(),
    }));
    const connection = client.tcp.connect(seed % 2 === 0 ? "10.0.0.11" : "2001:db8::11", 80)!;
    connection.program = {
      opened: () => {
        connection.write(octets);
        connection.end();
      },
      received: (data) => void back!.push(...data),
    };
    await time.advance(600_000);
    expect([there!.length, back!.length, connection.state], `seed ${seed}`).toEqual(
      [octets.length, octets.length, "closed"],
    );
    expect(Buffer.from(there!).equals(octets) && Buffer.from(back!).equals(octets)).toBe(true);
    expect(servers[0].tcp.connections).toEqual([]);
  }
});
