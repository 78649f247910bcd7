/** Where machines stand in the drawing, and which frames are under way at a moment. */

import { expect, test } from "vitest";
import { FREE } from "../../src/playground/lessons/scenes.ts";
import { type Drawn, layOut } from "../../src/playground/page/topology/layout.ts";
import { progressOf, Recording } from "../../src/playground/seen/recording.ts";

function large(backends: number): Drawn {
  const names = Array.from({ length: backends }, (_, index) => `web${index}`);
  return {
    nodes: Object.fromEntries([
      ...["client", "router", "switch", "dispatcher"].map((kind) => [kind, { kind }]),
      ...names.map((name) => [name, { kind: "backend" }]),
    ]),
    links: [
      { ends: ["client", "router:wan"] },
      { ends: ["router:lan", "switch"] },
      { ends: ["switch", "dispatcher"] },
      ...names.map((name) => ({ ends: ["switch", name] as const })),
    ],
  };
}

test.each([["free play", FREE, 11], ["50 machines", large(46), 50]] as const)(
  "of %s each machine has a place of its own, wide and narrow",
  (_, scene, count) => {
    for (const isNarrow of [false, true]) {
      const places = [...layOut(scene, isNarrow).values()];
      expect(places).toHaveLength(count);
      expect(new Set(places.map(({ along, across }) => `${along} ${across}`)).size).toBe(count);
      for (const place of places) {
        for (const share of Object.values(place)) expect(share > 0 && share < 1).toBe(true);
      }
    }
  },
);

test("requests go one way: from clients by the router and the switch to the backends, with the dispatcher beside the switch", () => {
  const places = layOut(FREE, false);
  const along = ["client1", "router", "lan", "web1"].map((name) => places.get(name)!.along);
  expect(along).toEqual([...along].sort((one, other) => one - other));
  expect(new Set(along).size).toBe(4);
  expect(places.get("dispatcher")!.along).toBe(places.get("lan")!.along);
});

test("a moment shows the frames that are under way, wherever one comes from", () => {
  const recording = new Recording();
  const add = (sentUs: number, arrivesUs: number) =>
    recording.add(
      {
        link: "a-b",
        from: "a",
        to: "b",
        sentUs,
        arrivesUs,
        usualUs: 100,
        fate: arrivesUs === Infinity ? "lost" : "passed",
        length: 60,
      },
      new Uint8Array(60),
    );
  const [first, second, lost] = [add(100, 200), add(150, 250), add(300, Infinity)];
  const numbers = (atUs: number) => recording.underWay(atUs, 10).map(({ number }) => number);
  expect([50, 100, 160, 200, 250, 301, 5000].map(numbers)).toEqual([[], [0], [1, 0], [1], [], [2], []]);
  expect([100, 150, 200].map((atUs) => progressOf(first, atUs))).toEqual([0, 0.5, 1]);
  expect(progressOf(lost, 1_000_000), "it does not get beyond the middle").toBe(0.5);
  expect(recording.between(100, 150)).toEqual([second]);
  expect([recording.before(100), recording.before(150), recording.before(1000)]).toEqual([
    undefined,
    100,
    300,
  ]);
});

test("the latest frames are kept, and no more", () => {
  const recording = new Recording();
  for (let us = 0; us < 100_000; us++) {
    recording.add({
      link: "",
      from: "",
      to: "",
      sentUs: us,
      arrivesUs: us + 1,
      usualUs: 1,
      fate: "passed",
      length: 1,
    }, new Uint8Array(1));
  }
  expect(recording.count).toBe(100_000);
  expect(recording.find(0)).toBeUndefined();
  expect(recording.find(99_999)!.sentUs).toBe(99_999);
  expect(recording.between(0, Infinity).length).toBeLessThan(20_000);
});
