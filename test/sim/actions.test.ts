/** Actions, each by what somebody notices of it. */

import { expect, test, vi } from "vitest";
import type { HostNode } from "../../src/sim/host_node.ts";
import { answerers, ask, at, begin, BROADCAST, CLUSTER, SECOND, text } from "./arrange.ts";
import { sceneOf } from "../../src/sim/usual_scene.ts";

test("clients, machines and backends: slow, pause and resume, mtu, datagram, weight, down, silence", async () => {
  const { world, events, echoes, refused } = await begin(sceneOf(text(), { addresses: 8 }));
  const client = { client: "client2", name: "kept" } as const;
  await world.run(4 * SECOND, [
    at(2, ask()),
    at(2, { do: "connect", ...client, to: CLUSTER, port: 80 }),
    at(2.5, { do: "pause", ...client }),
    at(2.6, { do: "send", ...client, octets: 100_000, heldBack: 100, answer: 300_000 }),
    at(3, { do: "datagram", client: "client3", to: CLUSTER, port: 80 }),
  ]);
  expect(answerers(events)).toEqual(["web1", "web2", "web3"]);
  const kept = () => (world.node("client2") as HostNode).connections[0]!;
  expect(kept()).toMatchObject({ state: "open", asked: 1, answered: 0 });
  expect(echoes.splice(0)).toMatchObject([{
    kind: "datagram",
    what: "answered",
    by: expect.stringMatching(/^web/),
  }]);

  const requests = async (untilUs: number) => {
    const before = world.counters()["client1.connections"]!;
    await world.run(untilUs);
    return world.counters()["client1.connections"]! - before;
  };
  await world.run(4.2 * SECOND, [at(4, { do: "resume", ...client })]);
  expect(kept()).toMatchObject({ state: "open", answered: 1 });
  expect(await requests(6 * SECOND)).toBe(18);
  world.act({ do: "slow", node: "client1", ms: 900 });
  await world.run(7 * SECOND);
  expect(await requests(10 * SECOND)).toBe(3);

  // When no port is free the next request may find one.
  const full = vi.spyOn((world.node("client1") as HostNode).host.tcp, "connect").mockReturnValue(undefined);
  expect(await requests(12 * SECOND)).toBe(0);
  full.mockRestore();
  expect(world.counters()["client1.unasked"]).toBe(2);

  const whole = { do: "ping", client: "client3", to: CLUSTER, octets: 1200, isWhole: true } as const;
  await world.run(13 * SECOND, [
    at(12, whole),
    at(12.2, { do: "mtu", node: "router", port: "lan", mtu: 1000 }),
    at(12.5, whole),
  ]);
  expect(echoes.splice(0)).toMatchObject([
    { kind: "ping", what: "answered", by: CLUSTER },
    { kind: "ping", what: "error", by: "198.18.0.1" },
  ]);

  world.act({ do: "slow", node: "client1", ms: 0 });
  await world.run(14 * SECOND, [at(13, { do: "weight", backend: "web1", weight: 0 })]);
  events.length = 0;
  await world.run(15 * SECOND);
  expect(answerers(events)).toEqual(["web2", "web3"]);
  await world.run(15.1 * SECOND, [at(15, { do: "down", backend: "web2" })]);
  events.length = 0;
  await world.run(16 * SECOND);
  expect(answerers(events)).toEqual(["web3"]);

  // A backend that is loud: the router takes it for the cluster address, once the dispatcher does not say otherwise.
  const loud = { do: "silence", node: "web1", isSilent: false } as const;
  await world.run(70 * SECOND, [
    at(16, ask(0)),
    at(16, { do: "kill", node: "dispatcher" }),
    at(60, loud),
    // The router asks for the dispatcher's MAC some seconds after the first use, and then for whoever answers.
    at(60, ask()),
  ]);
  events.length = 0;
  await world.run(72 * SECOND);
  expect(answerers(events)).toEqual(["web1"]);
  expect(refused).toEqual([]);
  await world.stop();
});

test("agents and techniques: stop-agent, freeze-agent and thaw-agent, technique", async () => {
  const { world, events, refused } = await begin(sceneOf(BROADCAST, { addresses: 12 }));
  const names = ["web1", "web2", "web3"];
  const taken = () => names.map((name) => (world.node(name) as HostNode).taken?.size);
  const all = () => taken().reduce<number>((sum, size) => sum + size!, 0);
  await world.run(3 * SECOND, [at(1, ask(200))]);
  const before = taken();
  expect(all()).toBe(256);
  await world.run(6 * SECOND, [at(3, { do: "stop-agent", node: "web1" })]);
  expect([taken()[0], all()]).toEqual([0, 256]);
  await world.run(12 * SECOND, [
    at(6, { do: "start-agent", node: "web1" }),
    at(9, { do: "freeze-agent", node: "web2" }),
  ]);
  expect([taken()[1], all()]).toEqual([0, 256]);
  await world.run(15 * SECOND, [at(12, { do: "thaw-agent", node: "web2" })]);
  expect(taken()).toEqual(before);

  /** Frames that the dispatcher has chosen a backend for. */
  const dispatched = () =>
    Object.entries(world.counters()).reduce(
      (sum, [what, frames]) => what.startsWith("dispatcher.to.10.") ? sum + frames : sum,
      0,
    );
  expect(dispatched()).toBe(0);
  await world.run(17 * SECOND, [at(15, { do: "technique", technique: "route" })]);
  events.length = 0;
  await world.run(20 * SECOND);
  expect(dispatched()).toBeGreaterThan(20);
  expect(answerers(events)).toEqual(names);
  expect(refused).toEqual([]);
  await world.stop();
});
