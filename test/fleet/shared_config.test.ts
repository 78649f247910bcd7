/** What a fleet shares: its part of a file's text, pushes that are guarded, and a history that has a bound. */

import { expect, test } from "vitest";
import { UsageError } from "oneip";
import { Etcd } from "../../src/fleet/etcd/etcd.ts";
import { Keys } from "../../src/fleet/etcd/keys.ts";
import {
  MOST_PUSHES,
  MOST_TEXT_OCTETS,
  push,
  readShared,
  sharedPartOf,
  withSharedPart,
} from "../../src/fleet/etcd/shared_config.ts";
import { REAL_CLOCK } from "../../src/system/clock.ts";
import { MemoryEtcd } from "../../src/sim/memory_etcd.ts";

const FILE = `# mine
dispatcher: {addresses: [10.0.0.2/24]} # own

# what we serve
# for all
clusters: # here
  - name: web # the web
    backends: []

# the fleet
fleet: {}
`;

const PART = `# what we serve
# for all
clusters: # here
  - name: web # the web
    backends: []
`;

test("of a file's text its clusters are shared as they are written, with their comments", () => {
  expect(sharedPartOf(FILE)).toBe(PART);
  expect(sharedPartOf("clusters: []\ndispatcher: {}\n")).toBe("clusters: []\n");
});

test("what does not stand by itself is shared by its values", () => {
  const aliased = "dispatcher: {mtu: &mtu 1500}\nclusters:\n  - {name: web, mtu: *mtu}\n";
  expect(sharedPartOf(aliased)).toBe("clusters:\n  - name: web\n    mtu: 1500\n");
  expect(sharedPartOf('{"dispatcher": {}, "clusters": [{"name": "web"}]}')).toBe(
    "clusters:\n  - name: web\n",
  );
});

test("what is pulled takes the place of the file's clusters, and of nothing else", () => {
  const pulled = "clusters:\n  - name: mail\n";
  expect(withSharedPart(FILE, pulled, "oneip.yaml")).toBe(FILE.replace(`${PART}\n`, pulled));
  expect(withSharedPart(withSharedPart(FILE, pulled, "oneip.yaml"), PART, "oneip.yaml")).toContain(PART);
  expect(() => withSharedPart('{"clusters": []}', pulled, "oneip.yaml")).toThrow(
    '"clusters" has no place of its own in oneip.yaml, perhaps because of an alias: put there by hand what --print prints',
  );
});

function shared() {
  const memory = new MemoryEtcd(REAL_CLOCK);
  const etcd = new Etcd(["http://10.0.0.5:2379"], undefined, memory.by({ slowMs: 0 }), REAL_CLOCK);
  const keys = new Keys("/oneip");
  const pushed = async (text: string, over?: number | null) => {
    const { current, history } = await readShared(etcd, keys);
    const request = {
      text,
      by: "root@d1",
      at: "2026-01-01T00:00:00Z",
      over: over === undefined ? current?.revision ?? null : over,
    };
    return await push(etcd, keys, request, history);
  };
  return { memory, pushed, read: () => readShared(etcd, keys) };
}

test("a push replaces the revision that it says, and no other", async () => {
  const { pushed, read, memory } = shared();
  const first = await pushed("clusters: [1]\n");
  const second = await pushed("clusters: [2]\n");
  expect(await read()).toMatchObject({
    current: { revision: second, text: "clusters: [2]\n" },
    history: [{ revision: first, text: "clusters: [1]\n" }, { revision: second, by: "root@d1" }],
  });
  await expect(pushed("clusters: [3]\n", first)).rejects.toThrow(
    `Revision ${second} is there, not ${first}: somebody else has pushed meanwhile`,
  );
  await expect(pushed("clusters: [3]\n", null)).rejects.toThrow(UsageError);
  // The answer came late, and it was asked again.
  expect(await pushed("clusters: [2]\n", first)).toBe(second);
  memory.put("/oneip/history/0000000000000099", "nonsense");
  expect((await read()).history).toHaveLength(2);
});

test(`the history has ${MOST_PUSHES} at most, and a text ${MOST_TEXT_OCTETS} octets`, async () => {
  const { pushed, read } = shared();
  for (let n = 0; n < MOST_PUSHES + 5; n++) await pushed(`clusters: [${n}]\n`);
  const { history } = await read();
  expect(history.map(({ text }) => text)).toEqual(
    Array.from({ length: MOST_PUSHES }, (_, n) => `clusters: [${n + 5}]\n`),
  );
  await expect(pushed("x".repeat(MOST_TEXT_OCTETS + 1))).rejects.toThrow(
    `What is shared is too large, found ${MOST_TEXT_OCTETS + 1} octets, use ${MOST_TEXT_OCTETS} at most`,
  );
});
