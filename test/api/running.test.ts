/** Backends that come and go by command, and how the file of a dispatcher in virtual time differs from what runs. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UsageError } from "oneip";
import { Running } from "../../src/api/running.ts";
import { textWith } from "../../src/cluster/save_changes.ts";
import { loadConfig } from "../../src/config/load.ts";
import { machines, Run } from "../engine/run.ts";

const MACHINES = machines(4);
const FILE = `dispatcher: {mac: 02:00:00:00:00:02, addresses: [10.0.0.2/15], verify: off}
clusters:
  - name: web
    addresses: [10.0.0.100]
    health: {type: tcp, port: 80}
    fallback: broadcast
    backends:
      - {name: web1, address: 10.0.1.0}
      - {name: web2, address: 10.0.1.1}
      - {name: web3, address: 10.0.1.2}
`;
const WEB4 = { name: "web4", address: "10.0.1.3", weight: 2 };

let folder: string;
let run: Run;
let running: Running;
let events: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "oneip-running-"));
  const file = join(folder, "oneip.yaml");
  writeFileSync(file, FILE);
  const config = loadConfig(file);
  run = new Run(MACHINES, config);
  const engine = await run.start();
  await run.clock.advance(3000);
  events = [];
  const log = pino({ base: null }, { write: (line: string) => void events.push(JSON.parse(line).event) });
  running = new Running({ engine, attachment: run.attachment as never, clock: run.clock }, {
    ...{ file, config, log, reloaded: () => {} },
    manager: { during: (work: () => unknown) => work() } as never,
  });
});
afterEach(async () => {
  await running.stop();
  rmSync(folder, { recursive: true });
});

/** What it comes to, as virtual time goes by. */
async function done<T>(promise: Promise<T>): Promise<T> {
  let isDone = false;
  promise.catch(() => {}).finally(() => isDone = true);
  while (!isDone) await run.clock.advance(10);
  return await promise;
}

const backends = () => running.status().clusters[0]!.backends;

test("a backend that is added gets clients when it has its first verdict; all others keep what is known of them", async () => {
  await done(running.engine.setWeight("web1", 3));
  const before = backends()[0];
  expect(await done(running.add("web", WEB4))).toMatchObject({
    changes: [{
      cluster: "web",
      backend: "web4",
      key: null,
      old: null,
      new: { address: "10.0.1.3", weight: 2 },
    }],
    moving: [{ cluster: "web", share: expect.closeTo(0.4, 1) }],
  });
  expect(events).toEqual(["configuration.changed"]);
  expect(backends()[3]).toMatchObject({ name: "web4", state: "unknown", buckets: 0 });
  expect(backends()[0]).toMatchObject({ weight: 3, since: before!.since });
  await run.clock.advance(3000);
  expect(backends()[3]).toMatchObject({ state: "up", weight: 2 });
  expect(backends()[3]!.buckets).toBeGreaterThan(800);
  expect(run.shares()[3]).toBeGreaterThan(0);

  expect((await done(running.remove("web", "web4"))).changes).toMatchObject([{ backend: "web4", new: null }]);
  expect(backends().map(({ name }) => name)).toEqual(["web1", "web2", "web3"]);
  expect(run.shares()[3]).toBe(0);
});

test("what a file could not say is refused in the same words, and changes nothing", async () => {
  const refused = async (work: Promise<unknown>) => {
    const error = await done(work).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  };
  expect(await refused(running.add("web", { ...WEB4, name: "web1" }))).toBe(
    'Two backends have the same name, found "web1" again, use another name',
  );
  expect(await refused(running.add("web", { ...WEB4, address: "192.0.2.7" }))).toMatch(
    /^The backend is not on the link/,
  );
  expect(await refused(running.add("web", { ...WEB4, address: "10.0.1" }))).toMatch(
    /^"clusters\[0\].backends\[3\].address" is wrong, found "10.0.1", use/,
  );
  expect(await refused(running.add("wbe", WEB4))).toBe('There is no cluster "wbe"; use web');
  expect(await refused(running.remove("web", "web9"))).toMatch(
    /^There is no backend "web9" in cluster "web"/,
  );
  await done(running.remove("web", "web2"));
  await done(running.remove("web", "web3"));
  expect(await refused(running.remove("web", "web1"))).toBe(
    '"clusters[0].backends" is wrong, found an empty list, list at least one backend',
  );
  expect(backends().map(({ name }) => name)).toEqual(["web1"]);
  await done(running.engine.setTechnique("broadcast"));
  expect(await refused(running.add("web", WEB4))).toContain("its technique is broadcast");
});

test("a reload goes back to what the file says, and says so", async () => {
  await done(running.add("web", WEB4));
  await done(running.remove("web", "web1"));
  expect((await done(running.reload())).changes.map(({ backend, new: now }) => [backend, now !== null]))
    .toEqual([
      ["web1", true],
      ["web4", false],
    ]);
  expect(backends().map(({ name }) => name)).toEqual(["web1", "web2", "web3"]);
});

test("the difference is what was changed by command, and what was edited; saved, only a drain is left of it", async () => {
  expect(await done(running.difference())).toEqual({
    file: join(folder, "oneip.yaml"),
    changes: [],
    drained: [],
  });
  await done(running.add("web", WEB4));
  await done(running.remove("web", "web3"));
  await done(running.engine.setWeight("web1", 5));
  await done(running.engine.administer("web2", "down"));
  const edited = FILE.replace("port: 80}", "port: 81} # another server");
  writeFileSync(join(folder, "oneip.yaml"), edited);
  const { file, changes, drained } = await done(running.difference());
  expect(changes.map(({ backend, key, old, new: now }) => [backend, key, old, now])).toEqual([
    [null, "health", [expect.objectContaining({ port: 81 })], [expect.objectContaining({ port: 80 })]],
    ["web1", "weight", 1, 5],
    ["web4", null, null, expect.objectContaining({ weight: 2 })],
    ["web3", null, expect.anything(), null],
  ]);
  expect(drained).toEqual([{ cluster: "web", backend: "web2", state: "down" }]);

  writeFileSync(file, textWith(changes, edited, file));
  expect(await done(running.difference())).toEqual({ file, changes: [], drained });
  expect(readFileSync(file, "utf8")).toContain("# another server");
  const { changes: reloaded } = await done(running.reload());
  expect(reloaded.map(({ backend, key }) => [backend, key])).toEqual([["web1", "weight"]]);
  expect(backends().map(({ name, weight }) => [name, weight])).toEqual([["web1", 5], ["web2", 1], [
    "web4",
    2,
  ]]);

  writeFileSync(file, "nonsense");
  await expect(done(running.difference())).rejects.toThrow(`${file}:1:1: `);
});

test("while it stops, which with a fleet takes its time, nothing changes the engine any more", async () => {
  const stopped = running.stop();
  await expect(running.reload()).rejects.toThrow("The dispatcher stops");
  await expect(running.remove("web", "web1")).rejects.toThrow(UsageError);
  await stopped;
});
