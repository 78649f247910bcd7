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
import { changesInSteps } from "../../src/cluster/config_changes.ts";
import { loadInSteps, loadWithWarnings } from "../../src/config/load.ts";
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

/** Of a step: how long it takes, and for how long at most nothing else comes between. */
interface Taken {
  readonly wholeMs: number[];
  readonly pieceMs: number[];
}

async function measure(buckets: number, file: string): Promise<Map<string, Taken>> {
  const found = new Map<string, Taken>();
  const note = (step: string, pieces: readonly number[], longestMs = Math.max(...pieces)) => {
    const { wholeMs, pieceMs } = found.get(step) ?? { wholeMs: [], pieceMs: [] };
    wholeMs.push(pieces.reduce((sum, ms) => sum + ms, 0));
    pieceMs.push(longestMs);
    found.set(step, { wholeMs, pieceMs });
  };
  const take = <T>(step: string, steps: Generator<void, T>): T => {
    const pieces: number[] = [];
    for (;;) {
      const began = performance.now();
      const { done, value } = steps.next();
      pieces.push(performance.now() - began);
      if (!done) continue;
      note(step, pieces);
      return value;
    }
  };
  writeFileSync(file, fileOf(buckets, 1));
  let { config } = loadWithWarnings(file);
  const run = new Run(MACHINES, config);
  let engine = await run.start();
  for (let count = 0; count < Number(values.reloads); count++) {
    await run.clock.advance(2000);
    writeFileSync(file, fileOf(buckets, 2 + count % 2));
    const next = take("read and check the file", loadInSteps(file)).config;
    take("compare", changesInSteps(config, next));
    run.clock.longestMs = 0;
    const began = performance.now();
    engine = await run.reload(engine, next);
    note("go over", [performance.now() - began], run.clock.longestMs);
    config = next;
  }
  await engine.stop();
  return found;
}

const folder = mkdtempSync(join(tmpdir(), "oneip-reload-"));
try {
  for (const buckets of [4096, 65_536]) {
    for (const [step, taken] of await measure(buckets, join(folder, "oneip.yaml"))) {
      const spreads = [taken.wholeMs, taken.pieceMs].map((all) => {
        const { median, least, most } = spreadOf(all)!;
        return `${median.toFixed(0)} (${least.toFixed(0)}-${most.toFixed(0)})`;
      });
      rows.push([String(buckets), step, ...spreads]);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(formatTable(["buckets", "step", "ms", "longest piece, ms"], rows));
