/**
 * From `drain` to the last new connection on that backend. Root; all of it happens in the namespaces of netns/routing.yaml.
 *
 *     node_modules/.bin/node scripts/benchmark/drain.ts [--drains 10]
 *     node_modules/.bin/deno run -A scripts/benchmark/drain.ts [--drains 10]
 *
 * Clients of one backend connect anew every two milliseconds (`oneip watch`); the backend is drained over the control socket. A
 * connection counts for the moment in which it was begun, so that the last one may have begun before the drain.
 */

import { parseArgs } from "node:util";
import { createInterface } from "node:readline";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { statSync } from "node:fs";
import { Lab, until } from "oneip";
import { converse } from "../../src/api/client.ts";
import { formatTable } from "../../src/cli/table.ts";
import type { Probed } from "../../src/watch/tally.ts";
import { spreadOf } from "./statistics.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TARGET = "10.0.0.100:80";
const CLIENTS = Array.from({ length: 40 }, (_, index) => `198.51.100.${index + 1}`);

const { values } = parseArgs({ options: { drains: { type: "string", default: "10" } } });

await using lab = await Lab.up(join(ROOT, "netns/routing.yaml"), { name: `drain-${process.pid}` });
const lb = lab.node("lb");
const control = `/run/oneip/${statSync(`/proc/${lb.program!.pid}/ns/net`).ino}.sock`;
const dispatcher = await converse(control);
const { clusters: [{ name: cluster, backends }] } = await dispatcher.ask("status", {}) as never as {
  clusters: [{ name: string; backends: { name: string }[] }];
};
const answered: number[] = [];
const lasts: number[] = [];
let failed = 0;
for (let drain = 0; drain < Number(values.drains); drain++) {
  const backend = backends[drain % backends.length]!.name;
  const [command = "", ...rest] = lab.node("client1").command([
    ...[join(ROOT, "scripts/oneip"), "watch", TARGET, "--json", "--interval", "2ms"],
    ...["--from", ...CLIENTS],
  ]);
  const watch = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
  const seen: Probed[] = [];
  createInterface({ input: watch.stdout }).on("line", (line) => {
    const probed = JSON.parse(line) as Probed;
    if (probed.at !== undefined) seen.push(probed);
  });
  const has = (fromMs: number) => seen.filter(({ at }) => Date.parse(at) >= fromMs).length >= 200;
  await until("connections come", () => has(0));
  const beganMs = Date.now();
  await dispatcher.ask("drain", { cluster, backend });
  const endedMs = Date.now();
  await until("connections have come since", () => has(endedMs));
  watch.kill("SIGINT");
  await once(watch, "exit");
  failed += seen.filter(({ failure }) => failure !== null).length;
  const own = seen.filter((probed) => probed.backend === backend).map(({ at }) => Date.parse(at));
  answered.push(endedMs - beganMs);
  lasts.push(Math.max(...own) - beganMs);
  await dispatcher.ask("undrain", { cluster, backend });
}
dispatcher.end();
const row = (what: string, values: readonly number[]) => {
  const { median, least, most } = spreadOf(values)!;
  return [what, median.toFixed(0), least.toFixed(0), most.toFixed(0)];
};
console.log(
  formatTable(["milliseconds from the command to", "median", "least", "most"], [
    row("its answer", answered),
    row("the last new connection on that backend", lasts),
  ]),
);
console.log(`${failed} requests failed`);
