/**
 * How long a reload keeps the main thread, step by step: 1,000 backends with a probe, of which one gets another weight. In memory, in
 * virtual time; frames are the workers', and do not wait for any of it.
 *
 *     node_modules/.bin/node scripts/benchmark/reload.ts [--reloads 9]
 *     node_modules/.bin/deno run -A scripts/benchmark/reload.ts [--reloads 9]
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatTable } from "../../src/cli/table.ts";
import { changesBetween } from "../../src/cluster/config_changes.ts";
import { loadWithWarnings } from "../../src/config/load.ts";
import { machines, Run } from "../../test/engine/run.ts";
import { spreadOf } from "./statistics.ts";

const { values } = parseArgs({ options: { reloads: { type: "string", default: "9" } } });
const MACHINES = machines(1000);
const rows: string[][] = [];

function fileOf(buckets: number, weight: number): string {
  const backends = MACHINES.map(({ name, address }, index) =>
    `      - {name: ${name}, address: ${address}, weight: ${index === 0 ? weight : 1}}`
  );
  return `
dispatcher: {mac: "02:00:00:00:00:02", addresses: [10.0.0.2/15], verify: off}
clusters:
  - name: web
    addresses: [10.0.255.1]
    buckets: ${buckets}
    health: {type: tcp, port: 80}
    backends:
${backends.join("\n")}
`;
}

/** Milliseconds of each step, in its turn. */
async function measure(buckets: number, file: string): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  const take = <T>(step: string, call: () => T): T => {
    const began = performance.now();
    const result = call();
    found.set(step, [...found.get(step) ?? [], performance.now() - began]);
    return result;
  };
  writeFileSync(file, fileOf(buckets, 1));
  let { config } = loadWithWarnings(file);
  const run = new Run(MACHINES, config);
  let engine = await run.start();
  for (let count = 0; count < Number(values.reloads); count++) {
    await run.clock.advance(2000);
    writeFileSync(file, fileOf(buckets, 2 + count % 2));
    const next = take("read and check the file", () => loadWithWarnings(file).config);
    take("compare", () => changesBetween(config, next));
    const began = performance.now();
    engine = await engine.reload(next);
    found.set("go over", [...found.get("go over") ?? [], performance.now() - began]);
    config = next;
  }
  await engine.stop();
  return found;
}

const folder = mkdtempSync(join(tmpdir(), "oneip-reload-"));
try {
  for (const buckets of [4096, 65_536]) {
    for (const [step, all] of await measure(buckets, join(folder, "oneip.yaml"))) {
      const { median, least, most } = spreadOf(all)!;
      rows.push([String(buckets), step, ...[median, least, most].map((ms) => ms.toFixed(0))]);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(formatTable(["buckets", "step", "ms, median", "least", "most"], rows));
