import { describe, expect, test } from "vitest";
import { START_MS } from "../../src/cluster/cluster_liveness.ts";
import { LivenessBook } from "../../src/cluster/liveness.ts";
import { parseConfig } from "../../src/config/config.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";

const WEB1 = "10.0.0.11";
const WEB2 = "10.0.0.12";

const { clusters } = parseConfig(
  `
dispatcher: {addresses: [10.0.0.2/24]}
clusters:
  - name: web
    addresses: [10.0.0.100]
    backends: [{name: web1, address: ${WEB1}}, {name: web2, address: ${WEB2}}]
  - name: mail
    addresses: [10.0.0.101]
    backends: [{name: mail1, address: ${WEB1}}]
`,
  "test",
  "test",
);

/** `probed`: names of backends that are probed. */
function bookOf(...probed: string[]) {
  const clock = new VirtualClock();
  return { clock, book: new LivenessBook(clusters, clock, (_, { name }) => probed.includes(name)) };
}

/** After the start: all neighbors answer. */
function startedBook() {
  const { clock, book } = bookOf();
  for (const address of [WEB1, WEB2]) book.neighborChanged(address, "reachable");
  book.look();
  return { clock, book };
}

describe("a start changes nothing", () => {
  test("until each backend of the cluster has its first verdict", async () => {
    const { clock, book } = bookOf("web2");
    expect(book.of("web", "web1")).toMatchObject({ isLive: true, state: "unknown", sinceMs: 0 });
    await clock.advance(1000);
    book.neighborChanged(WEB1, "failed");
    book.neighborChanged(WEB2, "reachable");
    expect(book.look().turns.map(({ backend, state }) => [backend, state])).toEqual([
      ["web1", "down"],
      ["mail1", "down"],
    ]);
    expect(book.of("web", "web1"), "what it has cannot stay with it").toMatchObject({
      isLive: true,
      keeps: false,
    });
    expect(book.of("mail", "mail1"), "its cluster knows all").toMatchObject({ isLive: false });
    book.healthChanged("web", "web2", { state: "up", reason: "its port 80 accepts" });
    book.look();
    expect(book.of("web", "web1").isLive).toBe(false);
    expect(book.of("web", "web2")).toMatchObject({ isLive: true, state: "up", why: "its port 80 accepts" });
  });

  test("or its time is over", async () => {
    const { clock, book } = bookOf("web2");
    book.neighborChanged(WEB1, "failed");
    book.look();
    expect(book.nextMs).toBe(START_MS);
    await clock.advance(START_MS - 1);
    book.look();
    expect(book.of("web", "web1").isLive).toBe(true);
    await clock.advance(1);
    book.look();
    expect(book.of("web", "web1").isLive).toBe(false);
    expect(book.of("web", "web2"), "what is unknown counts as live").toMatchObject({
      isLive: true,
      state: "unknown",
    });
    expect(book.nextMs).toBe(Infinity);
  });
});

test("who fails is not live, since then and for a reason, in each cluster of its machine", async () => {
  const { clock, book } = startedBook();
  await clock.advance(1000);
  book.neighborChanged(WEB1, "failed");
  book.look();
  await clock.advance(1000);
  book.neighborChanged(WEB1, "failed");
  expect(book.look().turns).toEqual([]);
  const why = "it does not answer for its address";
  for (const liveness of [book.of("web", "web1"), book.of("mail", "mail1")]) {
    expect(liveness).toMatchObject({ state: "down", isLive: false, keeps: false, why, sinceMs: 1000 });
    expect(liveness.neighbor).toEqual({ state: "failed", why, sinceMs: 1000 });
  }
  book.neighborChanged(WEB1, "reachable");
  const about = { backend: "web1", address: WEB1, was: "down", wasForMs: 1000, state: "up", by: "neighbor" };
  expect(book.look().turns[0]).toMatchObject(about);
  expect(book.of("web", "web1")).toMatchObject({ isLive: true, sinceMs: 2000 });
});

test("who is down by its health keeps nothing, in its own cluster only; the reason may change without a new time", async () => {
  const { clock, book } = startedBook();
  await clock.advance(1000);
  book.healthChanged("web", "web1", { state: "down", reason: "its port 80 refuses" });
  book.look();
  await clock.advance(1000);
  book.healthChanged("web", "web1", { state: "down", reason: "its port 80 is silent" });
  book.look();
  expect(book.of("web", "web1")).toMatchObject({
    isLive: false,
    keeps: false,
    health: { state: "down", why: "its port 80 is silent", sinceMs: 1000 },
    neighbor: { state: "reachable" },
  });
  expect(book.of("mail", "mail1").isLive).toBe(true);
  book.healthChanged("web", "gone", { state: "down", reason: "its port 80 refuses" });
});

test("who drains keeps its connections and gets no new ones; who is taken down keeps none", () => {
  const { book } = startedBook();
  const stateAfter = (change: () => void) => {
    change();
    book.look();
    const { state, isLive, keeps } = book.of("web", "web2");
    return { state, isLive, keeps };
  };
  const draining = { state: "draining", isLive: false, keeps: true };
  expect(stateAfter(() => book.administer("web", "web2", "draining", "by command"))).toEqual(draining);
  expect(stateAfter(() => book.administer("web", "web2", "down", "by command"))).toEqual(
    { state: "down", isLive: false, keeps: false },
  );
  const active = { state: "up", isLive: true, keeps: true };
  expect(stateAfter(() => book.administer("web", "web2", "active", "by command"))).toEqual(active);
  expect(stateAfter(() => book.setWeight("web", "web2", 0))).toEqual(draining);
  expect(book.sharesOf("web")[1], "by the weight that it had").toEqual({
    weight: 1,
    portion: 0,
    isLastResort: false,
  });
  expect(stateAfter(() => book.setWeight("web", "web2", 3))).toEqual(active);
});

test("what most of a fleet find live keeps its connections, whatever the probes here find", () => {
  const { book } = startedBook();
  book.healthChanged("web", "web1", { state: "down", reason: "its port 80 is silent" });
  book.look();
  expect(book.of("web", "web1")).toMatchObject({ isLive: false, keeps: false });
  const finding = { web: { [`web1 ${WEB1}`]: 1, [`web2 ${WEB2}`]: 1 } };
  book.agree({ findings: [finding, finding, book.finding()], decisions: [] });
  expect(book.of("web", "web1")).toMatchObject({ isLive: true, keeps: true });
  book.neighborChanged(WEB1, "failed");
  book.look();
  expect(book.of("web", "web1"), "nothing can be sent to it").toMatchObject({ isLive: true, keeps: false });
});
