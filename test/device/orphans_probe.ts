/** Run as process 1 of a PID namespace: a command in a group of its own leaves a child behind. Prints what becomes of it. */

import { readdirSync, readFileSync } from "node:fs";
import { until } from "oneip";
import { reap } from "../../src/device/orphans.ts";
import { run } from "../../src/system/programs.ts";

function zombies(): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")).length;
}

const { promise, resolve } = Promise.withResolvers<number>();
const { status } = await run(["sh", "-c", "sleep 1000 & exit 3"], { ownGroup: true, groupEnded: resolve });
const group = await promise;
const before = await until("there is a zombie", zombies);
await until("nobody is left in the group", () => reap(group));
// The runtime's own children are left to the runtime.
const next = await run(["sh", "-c", "exit 4"], { ownGroup: true });
console.log(JSON.stringify({ pid: process.pid, status, before, after: zombies(), next: next.status }));
