/** What a way does to packets: its MTU, fragments, several next hops, errors that are told too often. */

import { expect, test } from "vitest";
import { VirtualClock } from "oneip";
import { Host } from "../../../src/sim/net/host.ts";
import { Network } from "../../../src/sim/net/network.ts";
import type { Pong } from "../../../src/sim/net/pings.ts";
import { Port } from "../../../src/sim/net/port.ts";
import { Switch } from "../../../src/sim/net/switch.ts";
import * as f from "../../frames.ts";
import { arrange } from "./arrange.ts";

const MEGABYTE = 1_000_000;

for (const [family, server, clientAddress] of FAMILIES()) {
  test(`${family}: a download over a way that becomes narrower: the server is told, and goes on in smaller segments`, async () => {
    const { time, network, client, router, servers } = arrange();
    const data = Uint8Array.from({ length: MEGABYTE }, (_, index) => index % 251);
    servers[0].tcp.listen(80, (connection) => ({ received: () => connection.write(data) }));
    const connection = client.tcp.connect(server, 80)!;
    let heard = 0;
    let isRight = true;
    connection.program = {
      opened: () => connection.write(Uint8Array.of(1)),
      received: (octets) => {
        for (let index = 0; index < octets.length; index++) {
          isRight &&= octets[index] === (heard + index) % 251;
        }
        heard += octets.length;
        if (heard > MEGABYTE / 2) router.ip.interfaces[0]!.mtu = 1300;
      },
    };
    const tooBig: number[] = [];
    network.watch({
      sent(lane, _, octets, length) {
        if (lane.from.node === "router" && lane.to.node === "client") tooBig.push(length - 14);
        expect(octets[length - 1]).toBeDefined();
      },
    });
    await time.advance(3000);
    expect([heard, isRight]).toEqual([MEGABYTE, true]);
    expect(tooBig.slice(-100).every((length) => length <= 1300)).toBe(true);
    expect(servers[0].ip.pathMtus.all.map(({ address, mtu }) => [address, mtu])).toEqual([[
      clientAddress,
      1300,
    ]]);
    expect(connection.state).toBe("open");
  });

  test(`${family}: without a word from the router nothing larger arrives: a black hole`, async () => {
    const { time, client, router, servers } = arrange();
    router.ip.interfaces[0]!.mtu = 1300;
    servers[0].tcp.listen(80, (connection) => ({ received: () => connection.write(new Uint8Array(5000)) }));
    const connection = client.tcp.connect(server, 80)!;
    connection.program = { opened: () => connection.write(Uint8Array.of(1)) };
    const [eth0] = servers[0].ip.interfaces;
    const isTooBig = (octets: Uint8Array) =>
      (octets[20] === 58 && octets[54] === 2) || (octets[23] === 1 && octets[34] === 3);
    eth0!.filter = (octets) => isTooBig(octets) ? "drop" : "pass";
    await time.advance(10_000);
    expect([connection.heard, connection.state]).toEqual([0, "open"]);
    eth0!.filter = undefined;
    await time.advance(120_000);
    expect(connection.heard).toBe(5000);
  });

  test(`${family}: datagrams and echo requests longer than the way arrive in fragments, and are answered whole`, async () => {
    const { time, client, router, servers } = arrange();
    router.ip.interfaces[1]!.mtu = 1300;
    const pongs: Pong[] = [];
    const ping = (size: number, isWhole?: boolean) =>
      client.pings.send(
        server,
        isWhole === undefined ? { size } : { size, isWhole },
        (pong) => pongs.push(pong),
      );
    // Longer than the link: the client cuts it. Where it must not be cut, it does not even leave.
    ping(4000);
    expect(family === "IPv4" && ping(4000, true)).toBe(false);
    await time.advance(100);
    // As long as the link: the router cuts it, in IPv4; or says that it is too long.
    ping(1400);
    await time.advance(100);
    ping(1400);
    await time.advance(100);
    // In IPv6 no router cuts: the client hears of it, and cuts the next one itself.
    const [first, second, third] = pongs.map(({ error }) => error?.mtu ?? "answered");
    expect(family === "IPv4" ? [second, third] : [first, second]).toEqual([1300, "answered"]);
    expect(family === "IPv4" ? first : third).toBe("answered");
    expect(servers[0].ip.counters.reassembled).toBe(2);
    let echoed = 0;
    servers[0].udp.listen(53, {
      received: (data, { local, localPort, remote, remotePort }) => {
        servers[0].udp.send({ local, localPort, remote, remotePort }, data.slice());
      },
    });
    client.udp.listen(5000, { received: (data) => echoed += data.length });
    client.udp.send(
      { local: clientAddress, localPort: 5000, remote: server, remotePort: 53 },
      new Uint8Array(3000),
    );
    await time.advance(100);
    expect(echoed).toBe(3000);
  });
}

function FAMILIES() {
  return [["IPv4", "10.0.0.11", "10.1.0.2"], ["IPv6", "2001:db8::11", "2001:db8:1::2"]] as const;
}

test("fragments whose rest never comes, that overlap, or are too many, are given up and counted", async () => {
  const { time, client, servers } = arrange();
  const probe = new Port("probe", "eth0", { high: 0x0200, low: 9 });
  const [server] = servers;
  const network = new Network(time);
  const eth1 = server.addInterface("eth1", ["10.7.0.1/24"]);
  network.join(probe, eth1.port);
  eth1.neighbors.setPermanent("10.7.0.2", probe.mac);
  const heard: string[] = [];
  probe.receive = (octets) => heard.push(f.hex(octets.subarray(34, 36)));
  const dst = f.hex(Uint8Array.of(...macOf(eth1.port))).replaceAll(" ", ":");
  const fragment = (id: number, at: number, hasMore: boolean, size = 16) => {
    const packet = f.ipv4(new Array<number>(size).fill(1), {
      src: "10.7.0.2",
      dst: "10.7.0.1",
      id,
      protocol: 17,
      fragment: (hasMore ? 0x2000 : 0) | (at >>> 3),
    });
    const frame = f.ethernet(packet, { dst });
    probe.send(frame, frame.length);
  };
  const { reassembly } = server.ip;
  fragment(1, 0, true);
  await time.advance(29_000);
  expect([heard, reassembly.octets]).toEqual([[], 16]);
  await time.advance(2000);
  expect([heard, reassembly.octets, reassembly.timedOut], "time exceeded in reassembly").toEqual([
    ["0b 01"],
    0,
    1,
  ]);
  fragment(2, 0, true);
  fragment(2, 8, true);
  fragment(3, 0, true, 15);
  await time.advance(1);
  expect([reassembly.octets, reassembly.dropped]).toEqual([0, 2]);
  for (let part = 0; part < 70; part++) fragment(4, 16 * (part + 1), true);
  for (let id = 0; id < 5000; id++) fragment(id, 8, true);
  await time.advance(1);
  expect(reassembly.octets).toBe(64 * 16 + 4095 * 16);
  expect(reassembly.dropped).toBe(2 + 6 + 5000 - 4095);
  await time.advance(31_000);
  expect([reassembly.octets, reassembly.timedOut]).toEqual([0, 4097]);
  expect(client.isUp).toBe(true);
});

function macOf({ mac }: Port): number[] {
  return [mac.high >>> 8, mac.high & 255, ...f.u32(mac.low >>> 0)];
}

test("several next hops: each flow has one, all get their share, and an error goes the way of what it is about", async () => {
  const time = new VirtualClock();
  const network = new Network(time);
  const router = new Host(time, "router", { forwards: true });
  const outside = router.addInterface("eth0", ["10.1.0.1/24", "2001:db8:1::1/64"]);
  const source = new Port("source", "eth0", { high: 0x0200, low: 1 });
  network.join(source, outside.port);
  const got = new Map<string, number[]>();
  for (const index of [0, 1, 2]) {
    const { port, neighbors } = router.addInterface(`eth${index + 1}`, [`10.2.${index}.1/24`]);
    const hop = new Port("hop", `eth${index}`, { high: 0x0200, low: 100 + index });
    neighbors.setPermanent(`10.2.${index}.2`, hop.mac);
    network.join(port, hop);
    hop.receive = (octets) => {
      const flow = octets[23] === 1 ? `error ${octets[61]}` : `flow ${octets[29]} ${octets[35]}`;
      got.set(flow, [...got.get(flow) ?? [], index]);
    };
  }
  router.ip.addRoute("192.0.2.0/24", ["10.2.0.2", "10.2.1.2", "10.2.2.2"]);
  const dst = f.hex(Uint8Array.of(...macOf(outside.port))).replaceAll(" ", ":");
  const send = async (packet: f.Octets) => {
    const frame = f.ethernet(packet, { dst });
    source.send(frame, frame.length);
    await time.advance(1);
  };
  const segment = (client: number, port: number) =>
    f.ipv4(f.udp([1], port, 53), { src: `10.1.0.${client}`, dst: "192.0.2.1" });
  for (let client = 2; client < 200; client++) {
    for (const port of [1, 2, 1]) await send(segment(client, port));
    // What the server sends to the client is too big: a router between them tells the server.
    const about = f.ipv4(f.udp([1], 53, 1), { src: "192.0.2.1", dst: `10.1.0.${client}` });
    await send(f.ipv4(f.icmp(3, 4, about), { src: "10.1.0.254", dst: "192.0.2.1", protocol: 1 }));
  }
  const ways = [...got].map(([flow, hops]) =>
    [flow.split(" ").slice(0, 2).join(" "), new Set(hops)] as const
  );
  expect(ways.every(([, hops]) => hops.size === 1)).toBe(true);
  const shares = [0, 1, 2].map((hop) => ways.filter(([, hops]) => hops.has(hop)).length);
  expect(Math.min(...shares)).toBeGreaterThan(ways.length / 5);
  for (let client = 2; client < 200; client++) {
    expect(got.get(`flow ${client} 1`)![0]).toBe(got.get(`flow ${client} 2`)![0]);
    expect(got.get(`error ${client}`)![0]).toBe(got.get(`flow ${client} 1`)![0]);
  }
  router.ip.routes.flowHash = "ports";
  got.clear();
  for (let client = 2; client < 200; client++) for (const port of [1, 2]) await send(segment(client, port));
  const moved = [...Array(198).keys()].filter((index) =>
    got.get(`flow ${index + 2} 1`)![0] !== got.get(`flow ${index + 2} 2`)![0]
  );
  expect(moved.length).toBeGreaterThan(66);
});

test("errors are told once a second to each, and six at once; path MTUs always; each is counted", async () => {
  const { time, client, router } = arrange();
  const heard: number[] = [];
  const ping = (options: object) =>
    client.pings.send("10.0.0.11", options, ({ error }) => heard.push(error?.type ?? 0));
  ping({});
  await time.advance(1000);
  for (let count = 0; count < 20; count++) ping({ ttl: 1 });
  await time.advance(100);
  expect(heard.filter((type) => type === 11)).toHaveLength(6);
  expect(router.ip.limits.dropped).toBe(14);
  await time.advance(3000);
  ping({ ttl: 1 });
  await time.advance(100);
  expect(heard.filter((type) => type === 11)).toHaveLength(7);
});

test("a switch learns who is where, forgets them after five minutes, follows who moves, and is bounded", async () => {
  const time = new VirtualClock();
  const network = new Network(time);
  const lan = new Switch(time, "lan");
  const got: string[] = [];
  const ports = [0, 1, 2].map((index) => {
    const port = new Port(`n${index}`, "eth0", { high: 0x0200, low: index + 1 });
    network.join(port, lan.addPort(`p${index}`));
    port.receive = (octets) => got.push(`${index}: ${octets[14]}`);
    return port;
  });
  const send = async (from: number, dst: string, src: string, what: number) => {
    const frame = f.ethernet([what], { dst, src });
    ports[from]!.send(frame, frame.length);
    await time.advance(1);
    return got.splice(0);
  };
  const [A, B] = ["02:00:00:00:00:0a", "02:00:00:00:00:0b"];
  expect(await send(0, B, A, 1), "nobody knows B").toEqual(["1: 1", "2: 1"]);
  expect(await send(1, A, B, 2)).toEqual(["0: 2"]);
  expect(await send(0, B, A, 3)).toEqual(["1: 3"]);
  expect(await send(0, f.MAC.broadcast, A, 4)).toEqual(["1: 4", "2: 4"]);
  expect(await send(2, A, B, 5), "B has moved").toEqual(["0: 5"]);
  expect(await send(0, B, A, 6)).toEqual(["2: 6"]);
  await time.advance(299_000);
  expect(await send(0, B, A, 7)).toEqual(["2: 7"]);
  await time.advance(2000);
  expect(await send(0, B, A, 8), "forgotten").toEqual(["1: 8", "2: 8"]);
  for (let count = 0; count < 5000; count++) {
    const src = `02:bb:00:00:${[count >> 8, count & 255].map(hex).join(":")}`;
    const frame = f.ethernet([9], { dst: f.MAC.broadcast, src });
    ports[1]!.send(frame, frame.length);
  }
  await time.advance(1);
  expect(lan.places).toHaveLength(4096);
  expect(lan.overflows).toBe(5000 - 4095);
});

function hex(octet: number): string {
  return octet.toString(16).padStart(2, "0");
}
