import { expect, test } from "vitest";
import { BucketSet } from "../../src/filter/rules/bucket_set.ts";
import { filterTable, leaseCommands } from "../../src/filter/rules/rules.ts";
import { configOf, sketchFrom } from "../../src/sim/faults/sketch.ts";
import { KernelTables } from "../../src/sim/nft.ts";
import { Texts } from "../../src/sim/texts.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";

const SKETCH = { ...sketchFrom(1), shape: "broadcast", families: "IPv4", clusters: 1, backends: 3 } as const;
const CONFIG = new Texts({ "lb1.yaml": configOf(SKETCH, 0) }).config("lb1.yaml", "web1");
const CLUSTER = CONFIG.clusters[0]!;

test("nft ends its work when its machine goes on; the lease runs out while that stands still", async () => {
  const time = new VirtualClock();
  const kernel = new KernelTables(CONFIG, CLUSTER, "web1", time);
  const own = BucketSet.of(CLUSTER.buckets, (bucket) => bucket < 3);
  const table = filterTable(CLUSTER, "web1", own, { leased: true });
  const ended: unknown[] = [];
  const tell = (commands: string) =>
    kernel.tell(commands + leaseCommands("web", 500), 20, (error) => ended.push(error));

  tell(table);
  expect([kernel.isTold, kernel.taken]).toEqual([true, undefined]);
  await time.advance(30);
  expect([ended, kernel.isTold, kernel.taken?.size]).toEqual([[undefined], false, 3]);
  tell("");
  kernel.freeze();
  await time.advance(600);
  expect([ended.length, kernel.isTold, kernel.taken?.size]).toEqual([1, true, 0]);
  kernel.thaw();
  await time.advance(1);
  expect([ended.length, kernel.taken?.size]).toEqual([2, 3]);

  tell("")();
  await time.advance(600);
  expect([ended.length, kernel.isTold, kernel.taken?.size]).toEqual([2, false, 0]);
});
