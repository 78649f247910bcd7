import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, request, Witness } from "oneip";
import { casesOf } from "../halves.ts";
import { needsTap } from "../needs.ts";
import { RUNTIME } from "../runtime.ts";
import {
  clientOf,
  clients,
  clients6,
  CLUSTER,
  CLUSTER6,
  download,
  downloadInTwo,
  expected,
  labWith,
  sha256OfBytes,
  TEN_MB,
  withFastPath,
} from "./labs.ts";

// Where the dispatcher stands is nothing that a runtime could change.
const TOPOLOGIES = casesOf(RUNTIME, {
  deno: { topology: "routing", dispatcherNode: "lb" },
  node: { topology: "edge", dispatcherNode: "edge" },
});

describe.skipIf(needsTap()).each(TOPOLOGIES)("topology $topology", ({ topology, dispatcherNode }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await labWith(topology, withFastPath, topology);
  });
  afterAll(() => lab?.down());

  test("traceroute shows the dispatcher as a hop, and the cluster address behind it", async () => {
    const printed = await lab.node("client1").exec("traceroute", "-n", "-q1", "-w60", CLUSTER);
    const hops = printed.trim().split("\n").slice(1).map((line) => line.trim().split(/\s+/)[1]);
    expect(hops).toEqual(["192.0.2.1", "10.0.0.2", CLUSTER]);
  });

  test("traceroute by TCP and by ICMP shows the same", async () => {
    for (const method of ["-T", "-I"]) {
      const printed = await lab.node("client1").exec("traceroute", "-n", "-q1", "-w60", method, CLUSTER);
      expect(printed.trim().split("\n").slice(1).map((line) => line.trim().split(/\s+/)[1]), method)
        .toEqual(["192.0.2.1", "10.0.0.2", CLUSTER]);
    }
  });

  test("ping of the cluster address is answered by the client's backend", async () => {
    const client = clientOf("web2");
    const witness = await Witness.at(lab.node("lan"));
    await lab.node("client1").exec("ping", "-c3", "-i0.1", "-W60", "-I", client, CLUSTER);
    const replies = (await witness.sightings()).filter(({ src, dst }) => src === CLUSTER && dst === client);
    expect(replies.map(({ port, frames }) => ({ port, frames }))).toEqual([{ port: "web2", frames: 3 }]);
  });

  test("the same in IPv6: traceroute, ping, 10 MB, and each client keeps the backend that its hash names", async () => {
    const client1 = lab.node("client1");
    const printed = await client1.exec("traceroute", "-6", "-n", "-q1", "-w60", CLUSTER6);
    expect(printed.trim().split("\n").slice(1).map((line) => line.trim().split(/\s+/)[1]))
      .toEqual(["2001:db8:1::1", "2001:db8::2", CLUSTER6]);
    await client1.exec("ping", "-c2", "-i0.1", "-W60", CLUSTER6);
    await client1.exec("ping", "-c2", "-i0.1", "-W60", "2001:db8::2");
    const curl = `curl -sSg --max-time 150 http://[${CLUSTER6}]/bytes/${TEN_MB} | sha256sum | cut -d" " -f1`;
    expect((await client1.exec("sh", "-c", curl)).trim()).toBe(await sha256OfBytes(TEN_MB));
    const addresses = clients6(16);
    const answers = await request(client1, addresses, `http://[${CLUSTER6}]/`, 20);
    const want = expected(addresses);
    expect(answers).toHaveLength(16 * 20);
    expect(answers.filter(({ client, backend }) => backend !== want[client])).toEqual([]);
    expect(new Set(Object.values(want)).size, "several backends take part").toBeGreaterThan(2);
  });

  test("an IPv6 link-local address of the dispatcher is the next hop as well", async () => {
    const router = lab.node(topology === "edge" ? "edge" : "router");
    const dev = topology === "edge" ? "br0" : "eth2";
    await router.exec("ip", "route", "replace", CLUSTER6, "via", "fe80::ff:fe00:2", "dev", dev);
    expect(await lab.node("client1").exec("curl", "-sSg", "--max-time", "60", `http://[${CLUSTER6}]/`))
      .toMatch(/^web/);
    await router.exec("ip", "route", "replace", CLUSTER6, "via", "2001:db8::2", "dev", dev);
  });

  test("ping of the dispatcher itself is answered", async () => {
    await lab.node("client1").exec("ping", "-c2", "-i0.1", "-W60", "10.0.0.2");
  });

  test("10 MB arrive intact", async () => {
    expect(await download(lab.node("client1"), clientOf("web3"))).toBe(await sha256OfBytes(TEN_MB));
  });

  test("UDP works: each client's datagram is echoed by its backend", async () => {
    for (const backend of ["web1", "web4"]) {
      const client = clientOf(backend);
      const script = `exec 3<>/dev/udp/${CLUSTER}/53; echo -n hello >&3; timeout 60 head -c 10 <&3`;
      // From this source address: the route to the cluster prefers it for the while.
      await lab.node("client1").exec(
        "ip",
        "route",
        "replace",
        `${CLUSTER}/32`,
        "via",
        "192.0.2.1",
        "src",
        client,
      );
      expect(await lab.node("client1").exec("bash", "-c", script)).toBe(`${backend} hello`);
    }
    await lab.node("client1").exec("ip", "route", "del", `${CLUSTER}/32`);
  });

  test("each client keeps its backend over 20 connections, the one that its hash names", async () => {
    const addresses = clients(16);
    const answers = await request(lab.node("client1"), addresses, `http://${CLUSTER}/`, 20);
    expect(answers).toHaveLength(16 * 20);
    const want = expected(addresses);
    expect(answers.filter(({ client, backend }) => backend !== want[client])).toEqual([]);
  });

  test("a closed port on the dispatcher: UDP is answered port unreachable, TCP is reset", async () => {
    const udp = await lab.node("client1").run([
      "bash",
      "-c",
      "exec 3<>/dev/udp/10.0.0.2/9; echo x >&3; read -t60 <&3",
    ]);
    expect(udp.stderr).toContain("Connection refused");
    const tcp = await lab.node("client1").run(["curl", "-sS", "--max-time", "60", "http://10.0.0.2/"]);
    expect(tcp.stderr).toMatch(/refused|Could not connect|Failed to connect/);
  });

  test("a download survives the restart of the dispatcher, which remembers nothing", async () => {
    const dispatcher = lab.node(dispatcherNode).program!;
    const client = clientOf("web1");
    const { sum, goOn } = downloadInTwo(lab.node("client1"), client);
    const before = await request(lab.node("client1"), [client], `http://${CLUSTER}/`);
    await dispatcher.stop();
    expect(await lab.node(dispatcherNode).exec("ip", "-br", "link"), "the TAP went with it").not.toContain(
      "oneip0",
    );
    await dispatcher.start();
    goOn();
    expect(await sum).toBe(await sha256OfBytes(TEN_MB));
    expect(await request(lab.node("client1"), [client], `http://${CLUSTER}/`)).toEqual(before);
  });

  test("the dispatcher's last words are its counters, and they count every frame", async () => {
    const node = lab.node(dispatcherNode);
    const stats = async () => {
      const [link] = JSON.parse(await node.exec("ip", "-j", "-s", "link", "show", "dev", "oneip0"));
      return link.stats64.tx.packets as number;
    };
    const kernel = await stats();
    await node.program!.stop();
    const last = JSON.parse(node.program!.log.trim().split("\n").at(-1)!);
    expect(last.msg).toBe("stopped");
    expect(last.received).toBeGreaterThanOrEqual(kernel);
    const verdicts: number[] = Object.values(last.verdicts);
    expect(verdicts.reduce((sum, count) => sum + count, 0)).toBe(last.received);
    expect(last.verdicts.drop_from_cluster).toBe(0);
    expect(last.verdicts.dispatched).toBeGreaterThan(0);
    const dispatched: number[] = Object.values(last.dispatched);
    expect(dispatched.reduce((sum, count) => sum + count, 0)).toBe(last.verdicts.dispatched);
    await node.program!.start();
  });
});
