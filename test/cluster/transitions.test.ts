import { expect, test } from "vitest";
import { ClusterTransitions } from "../../src/cluster/transitions.ts";
import { NO_BACKEND } from "../../src/table/bucket_map.ts";

/** Backends by index. */
const [O, N, M] = [0, 1, 2];

const IDLE_TICKS = 300;
const MOST_MS = 3_600_000;

/** A cluster of two buckets, the second of which is always N's. */
class Cluster {
  readonly transitions = new ClusterTransitions(
    { idleMs: IDLE_TICKS * 1000, mostMs: MOST_MS },
    Uint16Array.of(O, N),
  );
  readonly dead = new Set<number>();
  nowMs = 0;

  move(owner: number) {
    const keeps = [O, N, M].map((backend) => !this.dead.has(backend));
    return this.transitions.follow(Uint16Array.of(owner, N), keeps, this.nowMs);
  }

  /** The old owner of the first bucket, while it is in transition. */
  get old(): number | undefined {
    return this.transitions.has(0) ? this.transitions.old(0) : undefined;
  }

  end(quiet = 0) {
    return this.transitions.end(() => quiet, this.nowMs);
  }
}

test("a bucket is in transition when its owner changes and the old one still answers", () => {
  const cluster = new Cluster();
  expect(cluster.move(N)).toEqual({ begun: [0], moved: [0] });
  expect([cluster.old, cluster.transitions.size]).toEqual([O, 1]);
});

test("not when the old owner is dead, or there was none", () => {
  const cluster = new Cluster();
  cluster.dead.add(O);
  expect(cluster.move(NO_BACKEND)).toEqual({ begun: [], moved: [] });
  expect(cluster.move(N)).toEqual({ begun: [], moved: [] });
  expect(cluster.transitions.size).toBe(0);
});

test("a dead backend returns: its stand-in keeps its connections", () => {
  const cluster = new Cluster();
  cluster.dead.add(O);
  cluster.move(N);
  cluster.dead.delete(O);
  expect(cluster.move(O)).toEqual({ begun: [0], moved: [0] });
  expect(cluster.old).toBe(N);
});

test("a further change: the oldest connections stay with the first owner", () => {
  const cluster = new Cluster();
  cluster.move(N);
  expect(cluster.move(M)).toEqual({ begun: [], moved: [0] });
  expect(cluster.old).toBe(O);
  cluster.move(O);
  expect(cluster.old).toBe(O);
});

test("the first owner dies: the rest are the owner's, and the others keep theirs", () => {
  const cluster = new Cluster();
  cluster.move(N);
  cluster.move(M);
  cluster.dead.add(O);
  cluster.move(M);
  expect(cluster.old).toBe(M);
  cluster.dead.add(N);
  cluster.move(M);
  expect(cluster.old, "nobody is left who could have connections").toBeUndefined();
});

test("nobody owns the bucket any more: who answers keeps its connections", () => {
  const cluster = new Cluster();
  cluster.move(N);
  cluster.dead.add(O);
  cluster.move(NO_BACKEND);
  expect(cluster.old).toBe(NO_BACKEND);
  cluster.move(M);
  expect(cluster.old, "whoever comes next takes what finds no room").toBe(M);
});

test("it ends when nothing has gone to former owners for long enough, and says who has no connection left", () => {
  const cluster = new Cluster();
  cluster.move(N);
  cluster.nowMs = 400_000;
  expect(cluster.end(IDLE_TICKS)).toBeUndefined();
  expect(cluster.end(IDLE_TICKS + 1)).toEqual({ backends: [O], buckets: 1, cut: 0, lastedMs: 400_000 });
  expect(cluster.transitions.size).toBe(0);
});

test("it ends at the latest when the bucket has not moved for `most`, and says that connections may have been cut", () => {
  const cluster = new Cluster();
  cluster.move(N);
  cluster.nowMs = MOST_MS - 1;
  cluster.move(M);
  cluster.nowMs = 2 * MOST_MS - 2;
  expect(cluster.end()).toBeUndefined();
  cluster.nowMs++;
  expect(cluster.end()).toEqual({ backends: [O, N], buckets: 2, cut: 2, lastedMs: 2 * MOST_MS - 1 });
});

test("nothing is said of one that owns its buckets again, or has died", () => {
  const cluster = new Cluster();
  cluster.move(N);
  cluster.move(O);
  expect(cluster.end(IDLE_TICKS + 1)).toMatchObject({ backends: [N] });
  cluster.move(N);
  cluster.dead.add(O);
  cluster.move(N);
  expect(cluster.transitions.size).toBe(0);
  expect(cluster.end(IDLE_TICKS + 1)).toBeUndefined();
});

test("another configuration goes on with it: the same backends by other indices, and those that are gone have lost their connections", () => {
  const cluster = new Cluster();
  cluster.move(N);
  cluster.nowMs = 1000;
  cluster.move(M);
  const adopted = (indexOf: (backend: number) => number) => {
    const transitions = new ClusterTransitions(
      { idleMs: IDLE_TICKS * 1000, mostMs: MOST_MS },
      Uint16Array.of(0, 0),
    );
    transitions.adopt(cluster.transitions.record(), indexOf);
    return transitions;
  };
  const turned = adopted((backend) => 2 - backend);
  expect([turned.size, turned.old(0)]).toEqual([1, 2]);
  expect(turned.follow(Uint16Array.of(0, 1), [true, true, true], 2000), "nothing has moved").toEqual({
    begun: [],
    moved: [],
  });
  expect(turned.follow(Uint16Array.of(0, 0), [true, true, true], 2000)).toEqual({ begun: [1], moved: [1] });
  expect(turned.end((bucket) => bucket === 0 ? 0 : IDLE_TICKS + 1, MOST_MS + 999)).toBeUndefined();
  expect(turned.end(() => 0, MOST_MS + 1000)).toEqual({
    backends: [2, 1],
    buckets: 3,
    cut: 2,
    lastedMs: MOST_MS + 1000,
  });

  const withoutO = adopted((backend) => backend === O ? NO_BACKEND : backend - 1);
  expect([withoutO.size, withoutO.old(0)], "the rest are the owner's").toEqual([1, M - 1]);
  const onlyM = adopted((backend) => backend === M ? 0 : NO_BACKEND);
  expect(onlyM.size).toBe(0);
  expect(onlyM.follow(Uint16Array.of(0, 0), [true], 2000), "from nobody").toEqual({ begun: [], moved: [] });
});
