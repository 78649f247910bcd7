import { readFileSync, statSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Lab, until, Witness } from "oneip";
import { ask } from "../../src/api/client.ts";
import { needsTap } from "../needs.ts";
import { Random } from "../random.ts";
import { runTs } from "../runtime.ts";
import * as f from "../frames.ts";
import { clients, clients6, CLUSTER, CLUSTER6, expected, labUp, sha256OfBytes } from "./labs.ts";

const DISPATCHER = f.MAC.dispatcher;
const ONE_MB = 1_000_000;

/** Drops the messages about too big packets behind the dispatcher, as if it did not know whose they are. */
const SWITCH_OFF = `table bridge off { chain c { type filter hook prerouting priority 0;
  ether saddr ${DISPATCHER} icmp type destination-unreachable drop
  ether saddr ${DISPATCHER} icmpv6 type packet-too-big drop
}; }`;

const FAMILIES = [
  { family: "IPv4", cluster: CLUSTER, url: CLUSTER, all: clients(60), router: "10.0.0.1" },
  { family: "IPv6", cluster: CLUSTER6, url: `[${CLUSTER6}]`, all: clients6(60), router: "2001:db8::1" },
];

describe.skipIf(needsTap())("a correct router", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await labUp("routing", "router");
  });
  afterAll(() => lab?.down());

  describe.each(FAMILIES)("$family, a middle link with an MTU of 1300:", ({ url, all, router }) => {
    const owners = expected([...all, router]);
    /** Of other backends than the router's own address, which the messages come from. */
    const [one, other] = all.filter((client) => owners[client] !== owners[router]);
    const download = (client: string, seconds: number) =>
      lab.node("client1").run([
        "sh",
        "-c",
        `curl -sSg --max-time ${seconds} --interface ${client} http://${url}/bytes/${ONE_MB} | sha256sum | cut -d" " -f1`,
      ]);
    beforeEach(() => lab.node("router").exec("ip", "link", "set", "eth1", "mtu", "1300").then(() => {}));

    test("the router's message reaches the client's backend, and the download completes", async () => {
      expect((await download(one!, 150)).stdout.trim()).toBe(await sha256OfBytes(ONE_MB));
    });

    test("without the message it hangs", async () => {
      await lab.node("lan").run(["nft", "-f", "-"], { input: SWITCH_OFF });
      const { stdout, stderr } = await download(other!, 3);
      await lab.node("lan").exec("nft", "delete", "table", "bridge", "off");
      expect(stderr).toContain("timed out");
      expect(stdout.trim()).not.toBe(await sha256OfBytes(ONE_MB));
    });
  });

  test("8 KB datagrams of 200 clients in both families, all fragments shuffled: each backend reassembles its own", async () => {
    await lab.node("router").exec("ip", "link", "set", "eth1", "mtu", "1500");
    const all4 = clients(200);
    const all6 = clients6(200);
    const random = new Random(8);
    const text = Array.from({ length: 8192 }, () => 97 + random.below(26));
    // Shuffled over eight clients at a time, so that the servers' sockets are not asked to take hundreds of datagrams at once.
    const frames = Array.from({ length: 25 }, (_, batch) => {
      const own = Array.from({ length: 8 }, (_, index) => batch * 8 + index);
      return shuffled(
        random,
        own.flatMap((id) => [
          ...fragments4(all4[id]!, id + 1, f.udp(text, 40_000, 53)),
          ...fragments6(all6[id]!, id + 1, f.udp6(text, { src: all6[id]! })),
        ]),
      );
    }).flat();
    const witness = await Witness.at(lab.node("lan"));
    const injected = await lab.node("lan").run(runTs("test/scenario/inject.ts"), {
      input: frames.map((frame) => Buffer.from(frame).toString("hex")).join("\n"),
    });
    expect(Number(injected.stdout), injected.stderr).toBe(frames.length);
    const want = { ...expected(all4), ...expected(all6) };
    // Each kernel counts what it has put together; and nobody answers from another backend's port.
    const servers = ["web1", "web2", "web3", "web4"];
    const count = () => servers.map((name) => reassembled(lab.node(name).program!.pid!));
    await until("all are whole", () => count().flat().reduce((sum, whole) => sum + whole, 0) === 400);
    const ownedBy = (name: string, all: readonly string[]) =>
      all.filter((client) => want[client] === name).length;
    expect(count()).toEqual(servers.map((name) => [ownedBy(name, all4), ownedBy(name, all6)]));
    const answered = (await witness.sightings()).filter(({ dst }) => dst in want);
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.filter(({ dst, port }) => port !== want[dst])).toEqual([]);
  });

  test("announces its addresses: who knew the cluster address elsewhere learns where it is", async () => {
    const { program } = lab.node("lb");
    await program!.stop();
    const router = lab.node("router");
    for (const address of [CLUSTER, CLUSTER6]) {
      await router.exec(
        "ip",
        "neigh",
        "replace",
        address,
        "lladdr",
        f.MAC.other,
        "dev",
        "eth2",
        "nud",
        "stale",
      );
    }
    await program!.start();
    for (const address of [CLUSTER, CLUSTER6]) {
      await until(
        `${address} is known at the dispatcher`,
        async () => (await router.exec("ip", "neigh", "show", address)).includes(DISPATCHER),
      );
    }
  });

  test("a machine that claims the cluster address is named, once", async () => {
    const rogue = "02:66:66:66:66:66";
    const arp = f.arp({ senderMac: rogue, senderIp: CLUSTER, targetIp: CLUSTER });
    const advertisement = f.advertisement({ from: CLUSTER6, target: CLUSTER6, mac: rogue, solicited: false });
    const frames = [
      f.ethernet(arp, { src: rogue, dst: f.MAC.broadcast, type: f.ETHERTYPE.arp }),
      f.ethernet(advertisement, { src: rogue, dst: "33:33:00:00:00:01", type: f.ETHERTYPE.ipv6 }),
    ];
    const input = frames.map((frame) => Buffer.from(frame).toString("hex")).join("\n");
    await lab.node("lan").run([...runTs("test/scenario/inject.ts"), "--repeat", "300"], { input });
    const { program } = lab.node("lb");
    const control = `/run/oneip/${statSync(`/run/netns/${lab.name}-lb`).ino}.sock`;
    await until("more of them are read than are told", async () => {
      const { verdicts } = await ask(control, "counters", {});
      return verdicts["heard_claim"]! > 4 && program!.log.includes(`"address":"${CLUSTER6}"`);
    });
    await program!.stop();
    const lines = program!.log.trim().split("\n").map((line) => JSON.parse(line));
    const claims = lines.filter(({ msg }) => msg === "another machine claims an address of ours");
    expect(claims.map(({ address, mac }) => [address, mac])).toEqual([[CLUSTER, rogue], [CLUSTER6, rogue]]);
    await program!.start();
  });

  test("an IPv6 address of its own that another machine has ends it, with the reason", async () => {
    const { program } = lab.node("lb");
    await program!.stop();
    await lab.node("web1").exec("ip", "address", "add", "2001:db8::2/64", "dev", "eth1");
    await program!.start();
    await until("it has ended", () => !program!.isRunning);
    expect(program!.log).toContain(
      "oneip: The machine with MAC 02:1a:b0:00:06:01 has the dispatcher's address 2001:db8::2; give one of them another address",
    );
    await lab.node("web1").exec("ip", "address", "del", "2001:db8::2/64", "dev", "eth1");
    await program!.start();
  });
});

/** IPv4 and IPv6 datagrams that were put together from fragments in the namespace of a process. */
function reassembled(pid: number): [number, number] {
  const rows = readFileSync(`/proc/${pid}/net/snmp`, "utf8").split("\n").filter((row) =>
    row.startsWith("Ip:")
  );
  const [names = [], counts = []] = rows.map((row) => row.split(" "));
  const whole6 = /^Ip6ReasmOKs\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/net/snmp6`, "utf8"));
  return [Number(counts[names.indexOf("ReasmOKs")]), Number(whole6?.[1] ?? 0)];
}

function shuffled<T>(random: Random, items: T[]): T[] {
  for (let left = items.length; left > 1; left--) {
    const pick = random.below(left);
    [items[left - 1], items[pick]] = [items[pick]!, items[left - 1]!];
  }
  return items;
}

/** Fragments of at most 1480 octets each, as frames from the router to the dispatcher. */
function fragments4(client: string, id: number, datagram: f.Octets): Uint8Array[] {
  return pieces(datagram, 1480).map(({ at, piece, isLast }) =>
    f.ethernet(f.ipv4(piece, { src: client, id, fragment: (isLast ? 0 : 0x2000) | at / 8 }))
  );
}

function fragments6(client: string, id: number, datagram: f.Octets): Uint8Array[] {
  return pieces(datagram, 1448).map(({ at, piece, isLast }) => {
    const header = [17, 0, ...f.u16(at | (isLast ? 0 : 1)), ...f.u32(id)];
    return f.ethernet(f.ipv6([...header, ...piece], { src: client, next: 44 }), { type: f.ETHERTYPE.ipv6 });
  });
}

function pieces(octets: f.Octets, size: number): { at: number; piece: f.Octets; isLast: boolean }[] {
  const count = Math.ceil(octets.length / size);
  return Array.from({ length: count }, (_, index) => ({
    at: index * size,
    piece: octets.slice(index * size, (index + 1) * size),
    isLast: index === count - 1,
  }));
}
