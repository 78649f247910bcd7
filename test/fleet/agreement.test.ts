/**
 * The promise of one view as a property, in virtual time: whatever becomes of etcd, of the ways to it and of what each dispatcher finds, no
 * two dispatchers that go by the same configuration, words and decisions ever differ in a bucket; and when all is well they all have one map.
 */

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ClusterMap } from "../../src/cluster/cluster_map.ts";
import { LivenessBook } from "../../src/cluster/liveness.ts";
import type { Agreement, Finding } from "../../src/cluster/quorum.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { Etcd } from "../../src/fleet/etcd/etcd.ts";
import { Keys } from "../../src/fleet/etcd/keys.ts";
import type { SharedText } from "../../src/fleet/etcd/snapshot.ts";
import { type Follower, View } from "../../src/fleet/etcd/view.ts";
import type { Clock } from "../../src/system/clock.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { finish } from "../../src/table/steps.ts";
import { roundsOf } from "../needs.ts";
import { MemoryEtcd, type Way } from "../../src/sim/memory_etcd.ts";

const DISPATCHERS = 3;
const BACKENDS = 4;
const STEP_MS = 250;
const HOUR_MS = 3_600_000;

function configOf(seed: number, backends: number): string {
  return JSON.stringify({
    clusters: [{
      ...{ name: "web", addresses: ["10.1.0.100"], buckets: 64, seed, slowStart: "10s", minimum: 1 },
      backends: Array.from(
        { length: backends },
        (_, n) => ({ name: `web${n}`, address: `10.0.0.${10 + n}` }),
      ),
    }],
  });
}

function parsed(text: string): Config {
  const dispatcher = { mac: "02:00:00:00:00:02", addresses: ["10.0.0.2/24"] };
  return parseConfig(JSON.stringify({ dispatcher, ...JSON.parse(text) }), "test", "test");
}

/** What of a dispatcher the maps come from, without frames. */
class Light implements Follower {
  readonly way: Way = {};
  readonly view: View;
  readonly #clock: Clock;
  #text = configOf(0, BACKENDS);
  #book: LivenessBook;
  #map: ClusterMap;

  /** Its wall clock is hours from the others'. */
  constructor(clock: VirtualClock, etcd: MemoryEtcd, index: number) {
    this.#clock = {
      now: () => clock.now() + index * 1000,
      sinceEpoch: () => clock.sinceEpoch() + index * HOUR_MS,
      after: (ms, call) => clock.after(ms, call),
    };
    const { clusters } = parsed(this.#text);
    this.#book = new LivenessBook(clusters, this.#clock, () => true);
    this.#map = new ClusterMap(clusters[0]!);
    const client = new Etcd(
      ["http://10.0.0.5:2379", "http://10.0.0.6:2379"],
      undefined,
      etcd.by(this.way),
      this.#clock,
    );
    const self = { name: `d${index}`, mac: `02:00:00:00:00:0${index}` };
    this.view = new View(client, new Keys("/oneip"), self, this.#clock, this, undefined);
    this.view.start();
  }

  find(backend: number, isUp: boolean): void {
    this.#book.neighborChanged(`10.0.0.${10 + backend}`, "reachable");
    this.#book.healthChanged("web", `web${backend}`, { state: isUp ? "up" : "down", reason: "drawn" });
    this.look();
  }

  look(): void {
    this.#book.look();
    const shares = this.#book.sharesOf("web");
    if (!this.#map.hasShares(shares)) finish(this.#map.updateInSteps(shares));
    this.view.found();
  }

  decide(backend: number, wanted: { readonly weight?: number; readonly isDrained?: boolean }): void {
    const of = { cluster: "web", backend: `web${backend}` };
    this.view.decide(of, (before) => ({
      ...of,
      state: wanted.isDrained === undefined
        ? before?.state ?? "active"
        : wanted.isDrained
        ? "draining"
        : "active",
      weight: wanted.weight === undefined
        ? before?.weight ?? null
        : this.#book.decidedWeight("web", of.backend, wanted.weight),
    })).catch(() => {}); // etcd does not always take it.
  }

  finding(): Finding {
    return this.#book.finding();
  }

  adopt({ text }: SharedText): Promise<boolean> {
    try {
      const { clusters } = parsed(text);
      const book = new LivenessBook(clusters, this.#clock, () => true);
      book.adopt(this.#book.record());
      if (this.#book.agreement !== undefined) book.agree(this.#book.agreement);
      this.#text = text;
      this.#book = book;
      this.#map = new ClusterMap(clusters[0]!);
      this.look();
      return Promise.resolve(true);
    } catch {
      return Promise.resolve(false);
    }
  }

  agree(agreement: Agreement): void {
    this.#book.agree(agreement);
    this.look();
  }

  told(): void {}

  /** By what it goes; undefined: by its own. */
  get goesBy(): string | undefined {
    if (this.view.status().isAlone) return undefined;
    return JSON.stringify([this.#text, this.#book.agreement]);
  }

  get owners(): string {
    return this.#map.owners(({ name }) => Number(name.slice(3))).join(" ");
  }
}

type Step =
  | { readonly kind: "find"; readonly dispatcher: number; readonly backend: number; readonly isUp: boolean }
  | { readonly kind: "all find"; readonly backend: number; readonly isUp: boolean }
  | {
    readonly kind: "weight";
    readonly dispatcher: number;
    readonly backend: number;
    readonly weight: number;
  }
  | {
    readonly kind: "drain";
    readonly dispatcher: number;
    readonly backend: number;
    readonly isDrained: boolean;
  }
  | { readonly kind: "way"; readonly dispatcher: number; readonly way: Way }
  | { readonly kind: "push"; readonly text: string }
  | { readonly kind: "quorum"; readonly isHeadless: boolean }
  | { readonly kind: "watches end" | "compaction" | "restored" | "copied" }
  | { readonly kind: "wait"; readonly ms: number };

const dispatcher = fc.nat(DISPATCHERS - 1);
const backend = fc.nat(BACKENDS - 1);
const isUp = fc.boolean();
const way: fc.Arbitrary<Way> = fc.constantFrom(
  { isCut: false, isRefused: false, slowMs: 1, isMute: false },
  { isCut: true },
  { isRefused: true },
  { slowMs: 120 },
  { slowMs: 600 },
  { isMute: true },
);
const text = fc.oneof(
  fc.record({ seed: fc.nat(3), backends: fc.integer({ min: 2, max: BACKENDS }) }).map(({ seed, backends }) =>
    configOf(seed, backends)
  ),
  fc.constant("nonsense"),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("find"), dispatcher, backend, isUp }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("all find"), backend, isUp }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("weight"), dispatcher, backend, weight: fc.nat(3) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("drain"), dispatcher, backend, isDrained: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("way"), dispatcher, way }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("push"), text }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("quorum"), isHeadless: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("watches end", "compaction", "restored", "copied") }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("wait"), ms: fc.constantFrom(1, 30, 300, 1500, 8000) }),
  },
);

class Course {
  readonly clock = new VirtualClock();
  readonly etcd = new MemoryEtcd(this.clock);
  readonly all: readonly Light[] = Array.from(
    { length: DISPATCHERS },
    (_, n) => new Light(this.clock, this.etcd, n),
  );
  /** Comparisons of two that went by the same. */
  compared = 0;
  #copy = this.etcd.snapshot();

  async go(steps: readonly Step[]): Promise<void> {
    for (const light of this.all) for (let n = 0; n < BACKENDS; n++) light.find(n, true);
    await this.#wait(6000);
    for (const step of steps) {
      await this.#take(step);
      this.#compare();
    }
    await this.#heal();
  }

  async #take(step: Step): Promise<void> {
    switch (step.kind) {
      case "find":
        return this.all[step.dispatcher]!.find(step.backend, step.isUp);
      case "all find":
        return this.all.forEach((light) => light.find(step.backend, step.isUp));
      case "weight":
        return this.all[step.dispatcher]!.decide(step.backend, { weight: step.weight });
      case "drain":
        return this.all[step.dispatcher]!.decide(step.backend, { isDrained: step.isDrained });
      case "way":
        return void Object.assign(this.all[step.dispatcher]!.way, step.way);
      case "push":
        return this.etcd.put("/oneip/configuration", step.text);
      case "quorum":
        this.etcd.isHeadless = step.isHeadless;
        return;
      case "watches end":
        return this.etcd.endWatches();
      case "compaction":
        this.etcd.compacted = this.etcd.revision;
        return;
      case "copied":
        this.#copy = this.etcd.snapshot();
        return;
      case "restored":
        this.etcd.compacted = 0;
        return this.etcd.restore(this.#copy);
      case "wait":
        return await this.#wait(step.ms);
    }
  }

  async #wait(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await this.clock.advance(Math.min(left, STEP_MS));
      for (const light of this.all) light.look();
      this.#compare();
    }
  }

  #compare(): void {
    const byAgreement = new Map<string, string>();
    for (const { goesBy, owners } of this.all) {
      if (goesBy === undefined) continue;
      const other = byAgreement.get(goesBy);
      if (other !== undefined) {
        this.compared++;
        expect(owners, goesBy).toBe(other);
      }
      byAgreement.set(goesBy, owners);
    }
  }

  /** All is well, all find the same, and somebody has said what is to hold. */
  async #heal(): Promise<void> {
    this.etcd.isHeadless = false;
    for (const { way } of this.all) {
      Object.assign(way, { isCut: false, isRefused: false, slowMs: 1, isMute: false });
    }
    await this.#wait(17_000);
    this.etcd.put("/oneip/configuration", configOf(99, BACKENDS));
    for (const light of this.all) for (let n = 0; n < BACKENDS; n++) light.find(n, true);
    await this.#wait(20_000);
    expect(
      this.all.map(({ view }) => view.status()).map((
        { isAlone, why, dispatchers },
      ) => [isAlone, why, dispatchers.length]),
    )
      .toEqual(Array(DISPATCHERS).fill([false, null, DISPATCHERS]));
    expect(new Set(this.all.map(({ owners }) => owners)).size).toBe(1);
    for (const { view } of this.all) view.stop();
  }
}

test("no two dispatchers that go by the same ever differ in a bucket, and in the end all have one map", async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30, size: "max" }), async (steps) => {
      const course = new Course();
      await course.go(steps);
      compared += course.compared;
    }),
    { numRuns: roundsOf(10) },
  );
  expect(compared).toBeGreaterThan(100);
});
