import { expect, test } from "vitest";
import { LivenessBook } from "../../src/cluster/liveness.ts";
import { parseConfig } from "../../src/config/config.ts";
import { VirtualClock } from "../../src/system/clock.ts";

const WEB1 = "10.0.0.11";

const { clusters } = parseConfig(
  `
dispatcher: {addresses: [10.0.0.2/24]}
clusters:
  - name: web
    addresses: [10.0.0.100]
    backends: [{name: web1, address: ${WEB1}}, {name: web2, address: 10.0.0.12}]
  - name: mail
    addresses: [10.0.0.101]
    backends: [{name: mail1, address: ${WEB1}}]
`,
  "test",
  "test",
);

function bookAt() {
  const clock = new VirtualClock();
  return { clock, book: new LivenessBook(clusters, clock) };
}

test("who has not been heard yet is live; who failed is not, since then and for a reason, in each cluster of its machine", async () => {
  const { clock, book } = bookAt();
  expect(book.of("web", "web1")).toMatchObject({ isLive: true, neighbor: { sinceMs: 0 } });
  await clock.advance(1000);
  book.neighborChanged(WEB1, "failed");
  await clock.advance(1000);
  book.neighborChanged(WEB1, "failed");
  for (const liveness of [book.of("web", "web1"), book.of("mail", "mail1")]) {
    expect(liveness).toMatchObject({
      isLive: false,
      keeps: false,
      neighbor: { state: "failed", why: "it does not answer for its address", sinceMs: 1000 },
    });
  }
  book.neighborChanged(WEB1, "reachable");
  expect(book.of("web", "web1")).toMatchObject({ isLive: true, neighbor: { sinceMs: 2000 } });
});

test("who is down by its health keeps nothing, in its own cluster only; the reason may change without a new time", async () => {
  const { clock, book } = bookAt();
  await clock.advance(1000);
  book.healthChanged("web", "web1", { state: "down", reason: "its port 80 refuses" });
  await clock.advance(1000);
  book.healthChanged("web", "web1", { state: "down", reason: "its port 80 is silent" });
  expect(book.of("web", "web1")).toMatchObject({
    isLive: false,
    keeps: false,
    health: { state: "down", why: "its port 80 is silent", sinceMs: 1000 },
    neighbor: { state: "unknown" },
  });
  expect(book.of("mail", "mail1").isLive).toBe(true);
  book.healthChanged("web", "gone", { state: "down", reason: "its port 80 refuses" });
});

test("who drains keeps its connections and gets no new ones; who is taken down keeps none", () => {
  const { book } = bookAt();
  book.administer("web", "web2", "draining", "by command");
  expect(book.of("web", "web2")).toMatchObject({ isLive: false, keeps: true });
  book.administer("web", "web2", "down", "by command");
  expect(book.of("web", "web2")).toMatchObject({ isLive: false, keeps: false });
  book.administer("web", "web2", "active", "by command");
  expect(book.of("web", "web2")).toMatchObject({ isLive: true, keeps: true });
});
