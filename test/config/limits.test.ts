/** The largest configurations, and those that are one too large. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { MOST } from "../../src/config/limits.ts";
import type { InputError } from "../../src/input/errors.ts";
import { ROOT } from "../runtime.ts";

interface Size {
  readonly clusters?: number;
  readonly backendsEach?: number;
  readonly bucketsEach?: number;
  readonly connectionsEach?: number;
  readonly routes?: number;
  readonly agent?: object;
}

function fileOf(size: Size) {
  const { clusters = 1, backendsEach = 1, bucketsEach = 4096, connectionsEach, routes = 0, agent } = size;
  const addressOf = (index: number) => `10.1.${index >> 8}.${index & 255}`;
  return {
    dispatcher: {
      addresses: ["10.0.0.2/8"],
      routes: Array.from(
        { length: routes },
        (_, index) => ({ prefix: `192.${index >> 8}.${index & 255}.0/24`, via: "10.0.0.1" }),
      ),
    },
    clusters: Array.from({ length: clusters }, (_, cluster) => ({
      name: `cluster${cluster}`,
      addresses: [`10.2.${cluster >> 8}.${cluster & 255}`],
      buckets: bucketsEach,
      ...(connectionsEach && { transition: { connections: connectionsEach } }),
      ...(agent && { technique: "broadcast", agent }),
      backends: Array.from({ length: backendsEach }, (_, index) => ({
        name: `web${index}`,
        address: addressOf(cluster * backendsEach + index),
      })),
    })),
  };
}

/** What is wrong with a file, without the places. */
function mistakesIn(file: object): string[] {
  try {
    parseConfig(JSON.stringify(file), "oneip.yaml", "machine");
    return [];
  } catch (error) {
    return (error as InputError).mistakes.map(({ message }) => message);
  }
}

const agent = { keyFile: "key" };

const edges: { what: string; most: Size; more: Size; found: string }[] = [
  {
    what: "clusters",
    most: { clusters: MOST.clusters, bucketsEach: 2 },
    more: { clusters: MOST.clusters + 1, bucketsEach: 2 },
    found: "There are too many clusters, found 257, use 256 at most",
  },
  {
    what: "backends",
    most: { backendsEach: MOST.backends },
    more: { backendsEach: MOST.backends + 1, bucketsEach: 8192 },
    found: "There are too many backends in all clusters, found 4097, use 4096 at most",
  },
  {
    what: "buckets",
    most: { clusters: 16, bucketsEach: 65_536 },
    more: { clusters: 17, bucketsEach: 65_536 },
    found: "There are too many buckets in all clusters, found 1114112, use 1048576 at most",
  },
  {
    what: "connections",
    most: { clusters: 2, connectionsEach: MOST.connections / 2 },
    more: { clusters: 3, connectionsEach: MOST.connections / 2 },
    found: "There are too many connections to remember in all clusters, found 12582912, use 8388608 at most",
  },
  {
    what: "routes",
    most: { routes: MOST.routes },
    more: { routes: MOST.routes + 1 },
    found: "There are too many routes, found 257, use 256 at most",
  },
  {
    what: "agents",
    most: { backendsEach: MOST.agents, agent },
    more: { backendsEach: MOST.agents + 1, agent },
    found:
      "There are too many backends for agents, which all hear each other, found 65, use 64 at most or split the cluster",
  },
];

test.each(edges)("as many $what as may be are taken, and one more is refused", ({ most, more, found }) => {
  expect(mistakesIn(fileOf(most))).toEqual([]);
  expect(mistakesIn(fileOf(more))).toEqual([found]);
});

test("docs/limits.md tells them", () => {
  const page = readFileSync(join(ROOT, "docs/limits.md"), "utf8");
  const told = (what: string) =>
    new RegExp(`^\\| ${what}[^|]*\\|[^|]*\\| ([0-9,]+) `, "m").exec(page)?.[1]?.replaceAll(",", "");
  expect(told("clusters")).toBe(String(MOST.clusters));
  expect(told("backends of all clusters")).toBe(String(MOST.backends));
  expect(told("backends of a cluster that has agents")).toBe(String(MOST.agents));
  expect(told("buckets of a cluster")).toBe(String(MOST.clusterBuckets));
  expect(told("buckets of all clusters")).toBe(String(MOST.buckets));
  expect(told("new connections of a cluster")).toBe(String(MOST.connections));
  expect(told("the same of all clusters")).toBe(String(MOST.connections));
  expect(told("routes")).toBe(String(MOST.routes));
});
