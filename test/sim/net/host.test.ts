/** Simulated hosts, a router and a switch among themselves. */

import { expect, test } from "vitest";
import type { Pong } from "../../../src/sim/net/pings.ts";
import { arrange } from "./arrange.ts";

const FAMILIES = [["IPv4", "10.0.0.11", "10.1.0.1"], ["IPv6", "2001:db8::11", "2001:db8:1::1"]] as const;

for (const [family, server, router] of FAMILIES) {
  test(`${family}: a ping through a router and a switch, and one that runs out of hops`, async () => {
    const { time, client } = arrange();
    const pongs: Pong[] = [];
    client.pings.send(server, {}, (pong) => pongs.push(pong));
    await time.advance(10);
    client.pings.send(server, {}, (pong) => pongs.push(pong));
    await time.advance(10);
    client.pings.send(server, { ttl: 1 }, (pong) => pongs.push(pong));
    await time.advance(10);
    // The first one waits for two neighbors on its way there, and two on its way back, of whom one was heard already.
    expect(pongs.map(({ from }) => from)).toEqual([server, server, router]);
    expect(pongs[1]!.rttUs, "three links there, three back").toBe(300);
    expect(pongs[2]!.error?.type).toBe(family === "IPv4" ? 11 : 3);
  });

  test(`${family}: a connection: asked, answered, ended by both sides`, async () => {
    const { time, client, servers } = arrange();
    servers[0].tcp.listen(80, (connection) => ({
      received: (data) => connection.write(Buffer.from(`you said ${Buffer.from(data)}`)),
      ended: () => connection.end(),
    }));
    const connection = client.tcp.connect(server, 80)!;
    let heard = "";
    connection.program = {
      opened: () => {
        connection.write(Buffer.from("hello"));
        connection.end();
      },
      received: (data) => heard += Buffer.from(data),
    };
    await time.advance(1000);
    expect([heard, connection.state]).toEqual(["you said hello", "closed"]);
    expect(servers[0].tcp.connections).toEqual([]);
    expect(client.tcp.connections, "it waits for a FIN that may come again").toHaveLength(1);
    await time.advance(60_000);
    expect(client.tcp.connections).toEqual([]);
  });
}

test("a SYN without an answer comes again when Linux sends it again, and is given up when Linux gives it up", async () => {
  const { time, network, client, router } = arrange();
  router.ip.interfaces[0]!.filter = (octets) => octets[23] === 6 ? "drop" : "pass";
  const sent: number[] = [];
  network.watch({
    sent: (_, __, octets) => void (octets[23] === 6 && sent.push(Math.round(time.now() / 1000))),
  });
  const connection = client.tcp.connect("10.0.0.11", 80)!;
  await time.advance(130_900);
  expect([sent, connection.state]).toEqual([[0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67], "connecting"]);
  await time.advance(200);
  expect(connection.state).toBe("timed-out");
});

test("what a client sees: refused, unreachable, timed out, reset", async () => {
  const { time, client, servers, links } = arrange();
  const open = (to: string, port: number) => client.tcp.connect(to, port)!;
  servers[0].tcp.listen(80, () => ({}));
  const refused = open("10.0.0.12", 80);
  const unreachable = open("10.0.0.99", 80);
  const kept = open("10.0.0.11", 80);
  await time.advance(5000);
  expect([refused.state, unreachable.state, kept.state]).toEqual(["refused", "unreachable", "open"]);
  links[1]!.cut();
  const silent = open("10.0.0.12", 80);
  servers[0].kill();
  servers[0].heal();
  kept.write(Buffer.from("are you there?"));
  await time.advance(130_000);
  expect([silent.state, kept.state]).toEqual(["unreachable", "reset"]);
});
