/** `oneip prove`: what is right is proved, and what is planted wrong is found, and shown by the commands that it prints. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { ClusterMap, REAL_CLOCK } from "oneip";
import { loadConfig } from "../../src/config/load.ts";
import { BucketSet } from "../../src/filter/rules/bucket_set.ts";
import { KernelFilters } from "../../src/prove/kernel_filters.ts";
import { prove } from "../../src/prove/prove.ts";
import type { Proof } from "../../src/prove/report.ts";
import { NO_BACKEND } from "../../src/table/bucket_map.ts";
import { oneip } from "../cli/oneip.ts";
import { needsTap } from "../needs.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-prove-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());

interface Wanted {
  readonly backends?: number;
  readonly buckets?: number;
  /** More keys of the cluster. */
  readonly keys?: string;
  /** More keys of its backends, by their index. */
  readonly with?: Readonly<Record<number, string>>;
}

let files = 0;

function fileOf({ backends = 4, buckets = 64, keys = "", with: more = {} }: Wanted = {}): string {
  const file = join(folder, `${files++}.yaml`);
  const lines = Array.from(
    { length: backends },
    (_, index) => `      - {name: web${index + 1}, address: 10.0.0.${index + 11}${more[index] ?? ""}}`,
  );
  writeFileSync(
    file,
    `dispatcher: {addresses: [10.0.0.2/24]}
clusters:
  - name: web
    addresses: [10.0.0.100, "2001:db8::100"]
    buckets: ${buckets}
    ${keys}
    backends:
${lines.join("\n")}
`,
  );
  return file;
}

async function proofOf(file: string, ...words: readonly string[]): Promise<Proof> {
  const { status, stdout } = await oneip("prove", "-c", file, "--json", ...words);
  const proof = JSON.parse(stdout) as Proof;
  expect(status).toBe(proof.ok ? 0 : 1);
  return proof;
}

const claimsOf = (proof: Proof) =>
  Object.fromEntries(proof.clusters.flatMap(({ claims }) => claims.map((claim) => [claim.id, claim])));

describe("what is right is proved:", () => {
  const cases: [string, Wanted][] = [
    ["backups, and one that is drained", {
      backends: 5,
      with: { 0: ", weight: 0", 1: ", backup: true, weight: 2", 2: ", weight: 7", 3: ", backup: true" },
    }],
    ["last resort", { keys: "noBackend: last-resort", with: { 0: ", weight: 0", 3: ", backup: true" } }],
    ["last resort, and all are drained", {
      keys: "noBackend: last-resort",
      backends: 3,
      with: { 0: ", weight: 0", 1: ", weight: 0", 2: ", weight: 0, backup: true" },
    }],
    ["a mask, a seed and a filter", {
      keys: "mask: {ipv4: 20, ipv6: 56}\n    seed: 77\n    technique: broadcast",
    }],
  ];

  test.each(cases)("%s", async (_, wanted) => {
    for (const algorithm of ["maglev", "rendezvous", "modulo"]) {
      const file = fileOf({ ...wanted, keys: `algorithm: ${algorithm}\n    ${wanted.keys ?? ""}` });
      const proof = await proofOf(file, "--no-kernel");
      expect(proof.ok, JSON.stringify(proof.clusters, null, 1)).toBe(true);
    }
  });

  test.skipIf(needsTap())("the kernel agrees, and it is all told in 80 columns", async () => {
    const file = fileOf({ backends: 3, with: { 0: ", weight: 2" } });
    const { status, stdout } = await oneip("prove", "-c", file);
    expect(stdout).toMatch(/every live set +8 {3}8 +12 /);
    expect(stdout).toMatch(
      /ok {3}the kernel takes by nft .*: 5,000\s+answers; 1,000 clients at 5 of 5 filters/,
    );
    expect(stdout).toMatch(/proved, .* s; samples are drawn by the seed 1\n$/);
    expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(status).toBe(0);
  });
});

test("12 backends: all 4,096 live sets and their 24,576 pairs; 13: each one down, each two, and a sample by its seed", async () => {
  const twelve = await proofOf(fileOf({ backends: 12, buckets: 16 }), "--no-kernel");
  expect(twelve.clusters[0]!.rows[0]).toMatchObject({ liveSets: 4096, of: 4096, pairs: 12 * 2048 });
  const thirteen = await proofOf(fileOf({ backends: 13, buckets: 16 }), "--no-kernel", "--seed", "5");
  expect(thirteen.seed).toBe(5);
  expect(thirteen.clusters[0]!.rows.map(({ what, liveSets, of, pairs }) => [what, liveSets, of, pairs]))
    .toEqual([
      ["all live, and one down", 14, 14, 13],
      ["two down", 78, 78, 78],
      ["drawn", 2000, null, 1000],
      ["clients", 3, null, 0],
    ]);
});

test("a machine without unshare is told so, and all else is proved", async () => {
  vi.stubEnv("PATH", "/nowhere");
  const { status, stdout } = await oneip("prove", "-c", fileOf());
  vi.unstubAllEnvs();
  expect(stdout.replaceAll(/\s+/g, " ")).toContain('left out: there is no program "unshare" here');
  expect(status).toBe(0);
});

test("modulo promises nothing of moves, and it is said how much moves", async () => {
  const { stdout } = await oneip("prove", "-c", fileOf({ keys: "algorithm: modulo" }), "--no-kernel");
  expect(stdout.replaceAll(/\s+/g, " ")).toMatch(
    /-- only buckets .* not promised by modulo; .* moves 7\d\.\d % of all/,
  );
});

test("told to stop, it says what was done by then, and that this is no proof", async () => {
  const file = fileOf();
  const stop = new AbortController();
  let now = 0;
  let steps = 0;
  const proof = await prove(loadConfig(file), {
    file,
    seed: 1,
    withoutKernel: "no",
    // A breath after each step.
    clock: { ...REAL_CLOCK, now: () => now += 1000 },
    signal: stop.signal,
    progress: () => ++steps === 5 ? stop.abort() : undefined,
  });
  expect(proof).toMatchObject({ ok: false, finished: false });
  expect(proof.clusters[0]!.rows).toMatchObject([{ what: "every live set", liveSets: 4, of: 16 }]);
});

describe("a mistake that is planted is found, and the commands show it:", () => {
  /** Changes each live map when it has been computed. `down`: indices of those that are. */
  function tamper(change: (owners: Uint16Array, down: readonly number[], before: Uint16Array) => void): void {
    const { updateInSteps } = ClusterMap.prototype;
    vi.spyOn(ClusterMap.prototype, "updateInSteps").mockImplementation(function* (this: ClusterMap, shares) {
      const before = this.live;
      const moves = yield* updateInSteps.call(this, shares);
      const owners = this.live.slice();
      change(owners, [...shares.keys()].filter((index) => shares[index]!.portion === 0), before);
      this.goOnBy(owners);
      return moves;
    });
  }

  /** The backends that the commands name, or what else they print. What is planted shows without the kernel, too. */
  async function shownBy(proof: Proof, claim: string): Promise<string[]> {
    const { example } = claimsOf(proof)[claim]!;
    const shown: string[] = [];
    for (const command of example!.commands) {
      const [, ...words] = command.split(" ");
      const { stdout } = await oneip(...words, ...(words[0] === "prove" ? ["--no-kernel"] : []));
      shown.push(words[0] === "explain" ? stdout.trimEnd().split(/\s+/).at(-1)! : stdout);
    }
    return shown;
  }

  test("a bucket without owner", async () => {
    tamper((owners, down) => down.join() === "1,2" ? owners[5] = NO_BACKEND : 0);
    const proof = await proofOf(fileOf(), "--no-kernel");
    const { owner } = claimsOf(proof);
    expect(owner!.example).toMatchObject({
      down: ["web2", "web3"],
      bucket: 5,
      found: "bucket 5: it has no owner",
    });
    expect(await shownBy(proof, "owner")).toEqual(["none"]);
  });

  test("a bucket that goes to a dead one", async () => {
    tamper((owners, down) => down.includes(3) ? owners[5] = 3 : 0);
    const proof = await proofOf(fileOf(), "--no-kernel");
    expect(claimsOf(proof)["owner"]!.example!.found).toBe("bucket 5: it goes to web4, which is down");
    expect(await shownBy(proof, "owner")).toEqual(["web4"]);
  });

  test("a bucket that moves though its owner is live", async () => {
    tamper((owners, down) => down.join() === "2" ? owners[owners.indexOf(0)] = 1 : 0);
    const proof = await proofOf(fileOf(), "--no-kernel");
    const [, from, to, gone] = /it moves from (web\d) to (web\d) when (web\d) goes down/.exec(
      claimsOf(proof)["moves"]!.example!.found,
    )!;
    expect(gone).not.toBe(from);
    expect(await shownBy(proof, "moves")).toEqual([from, to]);
  });

  test("a bucket that does not return", async () => {
    tamper((owners, down, before) => down.length === 0 ? owners.set(before) : undefined);
    const file = fileOf();
    const proof = await proofOf(file, "--no-kernel");
    expect(claimsOf(proof)["returns"]!.example!.commands).toEqual([`oneip prove -c ${file}`]);
    expect((await shownBy(proof, "returns"))[0]).toMatch(/FAIL the same live set has the same map again/);
  });

  test("a dead one's buckets that all go to one", async () => {
    const wanted = { buckets: 1024 };
    tamper((owners, down) => {
      if (down.join() !== "1") return;
      const base = new ClusterMap(loadConfig(fileOf(wanted)).clusters[0]!).live;
      for (const [bucket, owner] of base.entries()) if (owner === 1) owners[bucket] = 3;
    });
    const proof = await proofOf(fileOf(wanted), "--no-kernel");
    expect(claimsOf(proof)["shares"]!.example!.found).toMatch(
      /^web1 has 256 buckets, and 341\.3 ± \d+\.\d are right$/,
    );
    expect((await shownBy(proof, "shares"))[0]).toMatch(/web4 +512 +341\.3/);
  });

  /** Changes what each filter has under every live set; `index`: whose it is. */
  function tamperFilters(change: (set: BucketSet, index: number) => BucketSet): void {
    const { ofOwners } = BucketSet;
    vi.spyOn(BucketSet, "ofOwners").mockImplementation((...args) => ofOwners(...args).map(change));
  }
  const just = (bucket: number) => BucketSet.of(64, (other) => other === bucket);

  test("a bucket that two filters accept", async () => {
    tamperFilters((set, index) => index === 0 ? set.or(just(11)) : set);
    const proof = await proofOf(fileOf({ keys: "technique: broadcast" }), "--no-kernel");
    expect(claimsOf(proof)["filters"]!.example!.found).toMatch(/^bucket 11: web\d and web\d both accept it$/);
    const [, one, other] = await shownBy(proof, "filters");
    for (const rules of [one, other]) expect(bucketsIn(rules!)).toContain(11);
  });

  test("a bucket that no filter accepts, of a cluster that has none yet", async () => {
    tamperFilters((set) => set.minus(just(11)));
    const proof = await proofOf(fileOf(), "--no-kernel");
    expect(claimsOf(proof)["filters"]!.example!.found).toMatch(
      /^bucket 11: no filter accepts it, .* gives it to web/,
    );
    expect((await shownBy(proof, "filters"))[1]).toMatch(/FAIL each bucket is in one filter/);
  });

  test("an explain that looks at another bucket than the path", async () => {
    const { place } = ClusterMap.prototype;
    vi.spyOn(ClusterMap.prototype, "place").mockImplementation(function (this: ClusterMap, client) {
      const placed = place.call(this, client);
      return placed.bucket < 32 ? { ...placed, bucket: placed.bucket + 32 } : placed;
    });
    const proof = await proofOf(fileOf(), "--no-kernel");
    expect(claimsOf(proof)["clients"]!.example!.found).toMatch(/the path has another owner than explain$/);
  });

  test.skipIf(needsTap())("a kernel that hashes otherwise", async () => {
    const { ask } = KernelFilters.prototype;
    vi.spyOn(KernelFilters.prototype, "ask").mockImplementation(
      function (this: KernelFilters, rules, frames) {
        return ask.call(this, rules.replaceAll("seed 0x0", "seed 0x1"), frames);
      },
    );
    const proof = await proofOf(fileOf({ backends: 2, keys: "technique: broadcast" }));
    expect(claimsOf(proof)["clients"]!.wrong).toBe(0);
    const { example } = claimsOf(proof)["kernel"]!;
    expect(example!.found).toMatch(
      /client .*, the kernel with the filter of web\d (takes|does not take) it$/,
    );
    const [owner, rules] = await shownBy(proof, "kernel");
    expect(owner).toMatch(/^web[12]$/);
    expect(rules).toContain("mod 64 seed 0x0 ");
  });
});

/** Of the elements in a filter's rules. */
function bucketsIn(rules: string): number[] {
  const [, elements = ""] = /elements = \{ ([^}]*) \}/.exec(rules)!;
  return elements.split(", ").flatMap((text) => {
    const [first = 0, last = first] = text.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, place) => first + place);
  });
}
