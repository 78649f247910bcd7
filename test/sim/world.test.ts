/** Worlds: they come again octet for octet, and what is in them does what it does on a wire. */

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { UsageError } from "oneip";
import type { Action } from "../../src/sim/action.ts";
import { startFleet } from "../../src/sim/fleet.ts";
import type { HostNode } from "../../src/sim/host_node.ts";
import type { Scene } from "../../src/sim/scene.ts";
import { sceneOf } from "../../src/sim/usual_scene.ts";
import { World } from "../../src/sim/world.ts";
import { answerers, ask, at, begin, BROADCAST, CLUSTER, CLUSTER6, PAIR, SECOND, text } from "./arrange.ts";

test("the same scene and schedule are the same world, octet for octet, also in steps", async () => {
  const scene = sceneOf(PAIR, { seed: 5, addresses: 4 });
  const lossy: Scene = {
    ...scene,
    links: scene.links.map((link) => ({ ...link, settings: { loss: 0.01, jitterUs: 40, duplicate: 0.01 } })),
  };
  const schedule = [
    at(0, { do: "clock", node: "dispatcher2", ms: -5000 }),
    at(1, ask()),
    at(2, { do: "drain", backend: "web1" }),
    at(2.5, { do: "freeze", node: "dispatcher2" }),
    at(3, { do: "thaw", node: "dispatcher2" }),
    at(3, { do: "upgrade", node: "dispatcher1" }),
    at(4, { do: "kill", node: "web2" }),
    at(4.5, { do: "reload", config: text(", vrrp: {id: 51}") }),
    at(5, { do: "cut", link: "lan-dispatcher2", from: "dispatcher2" }),
  ];
  const run = async (play: (world: World) => Promise<void>) => {
    const world = await World.start(lossy);
    const hash = createHash("sha256");
    let frames = 0;
    world.watch({
      sent: (lane, number, octets, length) => {
        hash.update(`${frames++} ${lane.from.node} ${number} ${world.nowUs} ${lane.decision.fate}`);
        hash.update(octets.subarray(0, length));
      },
      logged: (record) => void hash.update(JSON.stringify(record)),
      refused: (action, why) => void hash.update(`${action.do} ${why.message}`),
    });
    await play(world);
    const found = { hash: hash.digest("hex"), frames, counters: world.counters() };
    await world.stop();
    return found;
  };
  const whole = await run((world) => world.run(6 * SECOND, schedule));
  const stepped = await run(async (world) => {
    world.plan(schedule);
    while (world.nextUs < 3 * SECOND) await world.step();
    for (let us = 3 * SECOND; us <= 6 * SECOND; us += 16_667) await world.run(us);
    await world.run(6 * SECOND);
  });
  expect(stepped).toEqual(whole);
  expect(whole.frames).toBeGreaterThan(2000);
  expect(whole.counters["client1.connections"]).toBeGreaterThan(40);
});

test("clients are answered by the dispatcher's choice in both families, and keep what they have through all that is planned", async () => {
  const { world, events, refused, ends } = await begin(sceneOf(text(), { seed: 1, addresses: 8 }));
  await world.run(5 * SECOND, [
    at(2, ask()),
    at(2, { do: "connect", client: "client2", name: "kept", to: CLUSTER, port: 80 }),
    at(2, { do: "request", client: "client3", to: CLUSTER6, port: 80, answer: 200_000 }),
    at(3, { do: "ping", client: "client3", to: CLUSTER }),
  ]);
  expect(answerers(events)).toEqual(["web1", "web2", "web3"]);
  const kept = () => (world.node("client2") as HostNode).connections[0]!;
  await world.run(6 * SECOND, [at(5.5, { do: "send", client: "client2", name: "kept" })]);
  const { by } = kept();
  await world.run(12 * SECOND, [
    at(6, { do: "drain", backend: by! }),
    at(7, { do: "restart", node: "dispatcher" }),
    at(8, { do: "drain", backend: by! }),
    at(9, { do: "upgrade", node: "dispatcher" }),
    at(10, { do: "reload", config: text("", "    minimum: 1\n") }),
    at(11, { do: "send", client: "client2", name: "kept" }),
  ]);
  expect([kept().state, kept().by, kept().answered]).toEqual(["open", by, 2]);
  expect(answerers(events)).toEqual(["web1", "web2", "web3"]);
  expect([refused, ends()]).toEqual([[], []]);
  await world.stop();
});

test("a server, a host, the alias and a link fail: each is noticed as it is on a wire, and all are served again", async () => {
  const { world, events, told } = await begin(
    sceneOf(
      text("", "    health: {type: tcp, interval: 500ms, timeout: 200ms, fall: 2}\n    flaps: 1000\n"),
      {
        addresses: 8,
      },
    ),
  );
  await world.run(3 * SECOND, [at(2, ask(50))]);
  const downs = () => told.splice(0).filter((one) => one.includes("backend."));
  downs();
  const fail = async (fault: Action, heal: Action, fromSeconds: number) => {
    await world.run((fromSeconds + 4) * SECOND, [at(fromSeconds, fault)]);
    events.length = 0;
    await world.run((fromSeconds + 5) * SECOND);
    const meanwhile = answerers(events);
    await world.run((fromSeconds + 8) * SECOND, [at(fromSeconds + 5, heal)]);
    events.length = 0;
    await world.run((fromSeconds + 10) * SECOND);
    return [downs(), meanwhile, answerers(events)];
  };
  const expected = [
    ["dispatcher backend.down", "dispatcher backend.up"],
    ["web2", "web3"],
    ["web1", "web2", "web3"],
  ];
  const server = { do: "server", node: "web1", port: 80 } as const;
  expect(await fail({ ...server, isOpen: false }, { ...server, isOpen: true }, 3)).toEqual(expected);
  const loopback = { do: "loopback", node: "web1" } as const;
  expect(await fail({ ...loopback, addresses: [] }, { ...loopback, addresses: [CLUSTER, CLUSTER6] }, 13))
    .toEqual(expected);
  expect(await fail({ do: "kill", node: "web1" }, { do: "heal", node: "web1", mac: "02:00:00:00:09:09" }, 23))
    .toEqual(expected);
  const link = "lan-web1";
  expect(await fail({ do: "cut", link, from: "web1" }, { do: "restore", link }, 33)).toEqual(expected);
  await world.stop();
});

test("of a pair the other one takes over, whether the active one is killed, stands still or is cut off", async () => {
  const { world, told, events } = await begin(sceneOf(PAIR));
  await world.run(2 * SECOND, [at(1.5, ask(50))]);
  told.length = 0;
  const takeovers = () => told.splice(0).filter((one) => one.includes("pair.active"));
  const both = (node: string) => [`${node} pair.active`, `${node} pair.active`];
  await world.run(4 * SECOND, [at(2, { do: "kill", node: "dispatcher2" })]);
  expect(takeovers()).toEqual(both("dispatcher1"));
  await world.run(8 * SECOND, [
    at(4, { do: "heal", node: "dispatcher2" }),
    at(7, { do: "freeze", node: "dispatcher1" }),
  ]);
  expect(takeovers()).toEqual(both("dispatcher2"));
  await world.run(11 * SECOND, [
    at(8, { do: "thaw", node: "dispatcher1" }),
    at(9, { do: "cut", link: "lan-dispatcher2" }),
  ]);
  expect(takeovers()).toEqual(both("dispatcher1"));
  events.length = 0;
  await world.run(12 * SECOND);
  expect(events.filter(({ what }) => what === "answered").length).toBeGreaterThan(15);
  await world.stop();
});

test("with technique broadcast each client has one owner by the backends' own filters, and the agents share out who died", async () => {
  const { world, events } = await begin(sceneOf(BROADCAST, { addresses: 12 }));
  const takers = () => {
    const sets = ["web1", "web2", "web3"].map((name) => (world.node(name) as HostNode).taken);
    return Array.from({ length: 256 }, (_, bucket) => sets.filter((taken) => taken?.has(bucket)).length);
  };
  const once = new Array<number>(256).fill(1);
  await world.run(3 * SECOND, [at(1, ask(50))]);
  expect(takers()).toEqual(once);
  expect(answerers(events)).toEqual(["web1", "web2", "web3"]);
  await world.run(6 * SECOND, [at(3, { do: "kill", node: "web1" })]);
  expect(takers()).toEqual(once);
  await world.run(9 * SECOND, [
    at(6, { do: "kill-agent", node: "web2" }),
  ]);
  expect(answerers(events).at(-1)).toBe("web3");
  await world.run(12 * SECOND, [
    at(9, { do: "start-agent", node: "web2" }),
    at(9, { do: "heal", node: "web1" }),
    at(9, { do: "kill", node: "dispatcher" }),
  ]);
  expect(takers()).toEqual(once);
  await world.stop();
});

test("a fleet goes by what it agrees on in etcd, and serves on without it", async () => {
  const fleet = (name: string) => `fleet: {etcd: {endpoints: ["http://10.0.0.5:2379"], name: ${name}}}\n`;
  const scene = sceneOf([text("", "", fleet("d1")), text("", "", fleet("d2"), "10.0.0.3")], { addresses: 8 });
  const { world, events, told, refused } = await begin(scene, startFleet);
  const states = () =>
    world.dispatchers.map(({ engine }) => engine!.status().clusters[0]!.backends[0]!.administration);
  await world.run(5 * SECOND, [at(2, ask()), at(3, { do: "drain", node: "dispatcher1", backend: "web1" })]);
  expect(states().map((state) => (state as { state?: string }).state ?? state)).toEqual([
    "draining",
    "draining",
  ]);
  told.length = 0;
  await world.run(12 * SECOND, [
    at(5, { do: "kill", node: "etcd" }),
    at(10, { do: "undrain", node: "dispatcher2", backend: "web1" }),
  ]);
  expect(told.filter((one) => one.includes("fleet.alone")).sort()).toEqual([
    "dispatcher1 fleet.alone",
    "dispatcher2 fleet.alone",
  ]);
  expect(refused).toHaveLength(1);
  expect(answerers(events)).toContain("web2");
  await world.stop();
});

test("what a scene or an action says wrongly is said clearly, and nothing is changed", async () => {
  const { world } = await begin(sceneOf(text()));
  const messages = (actions: readonly object[]) =>
    actions.map((action) => {
      try {
        world.check(action as Action);
        return "nothing is wrong";
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        return (error as Error).message;
      }
    });
  expect(messages([
    { do: "kill", node: "web9" },
    { do: "cut", link: "lan-web9" },
    { do: "cut", link: "lan-web1", from: "web2" },
    { do: "explode" },
    { do: "drain", node: "web1", backend: "web1" },
    { do: "request", client: "client1", to: "example.org", port: 80 },
    { do: "request", client: "client1", from: "192.0.2.1", to: CLUSTER, port: 80 },
    { do: "weight", backend: "web1", weight: 101 },
    { do: "kill-agent", node: "web1" },
    { do: "mtu", node: "router", mtu: 1400 },
    { do: "etcd", from: "dispatcher" },
    { do: "technique", technique: "rout" },
    { do: "clock", node: "web1", ms: NaN },
  ])).toEqual([
    'There is no node "web9"; there are client1, client2, client3, wan, router, lan, dispatcher, web1, web2, web3',
    'There is no link "lan-web9"; there are client1-wan, client2-wan, client3-wan, wan-router, router-lan, lan-dispatcher, lan-web1, lan-web2, lan-web3',
    'Link "lan-web1" does not begin at "web2"; name "lan" or "web1"',
    expect.stringContaining('There is no action "explode"; there are ask, clock, close,'),
    'This is done at a dispatcher, and "web1" is a backend',
    '"example.org" is no IP address; use one such as 10.0.0.100',
    '"client1" has no address 192.0.2.1; it has 198.18.1.1, 2001:db8:1::1:1',
    "weight is 101; use a whole number from 0 to 100",
    '"web1" has no agent',
    '"router" has the ports wan, lan; name one of them as the action\'s port',
    '"dispatcher" has no etcd',
    'There is no technique "rout"; use route or broadcast',
    "ms is NaN; use a whole number from -315360000000 to 315360000000",
  ]);
  await world.run(SECOND);
  expect(() => world.plan([at(0.5, ask())])).toThrow("use a whole number from 1000000 on, which is now");
  await expect(world.run(NaN)).rejects.toThrow("A world is to go on until NaN µs; use a whole number");
  await world.stop();

  const scene = sceneOf(text());
  const starting = (changes: Partial<Scene>) => World.start({ ...scene, ...changes }).then(() => "", String);
  expect(await starting({ links: [...scene.links, { ends: ["lan", "web9"] }] })).toContain(
    'there is no node "web9"',
  );
  expect(await starting({ links: [...scene.links, { ends: ["wan", "web1"] }] })).toContain(
    'Two links end at "web1"; a port has one',
  );
  const host = (about: object): Partial<Scene> => ({
    nodes: { ...scene.nodes, client1: { kind: "client", addresses: ["198.18.1.1/16"], ...about } },
  });
  expect(await starting(host({ addresses: ["198.18.1.1"] }))).toContain(
    "use one with the length of its prefix",
  );
  expect(await starting(host({ mtu: 0 }))).toContain(
    'The mtu of "client1" is 0; use a whole number from 68 to 65535',
  );
  expect(await starting(host({ mac: "02:00" }))).toContain('"02:00" is no MAC address');
  expect(await starting({ nodes: { ...scene.nodes, "web:9": { kind: "switch" } } })).toContain(
    'A node is named "web:9"',
  );
  expect(await starting({ files: {} })).toContain('The scene has no file "dispatcher.yaml"');
  expect(await starting({ files: { "dispatcher.yaml": "dispatcher: {}\n" } })).toContain(
    "InputError: dispatcher.yaml:",
  );
  expect(await starting({ nodes: { ...scene.nodes, etcd: { kind: "etcd" } } })).toContain("startFleet");
});
