/**
 * How long labs take to come up and to go: 10 and 50 hosts on a switch, and the shipped topology `routing` of 10 nodes, five of which run
 * a program. As root:
 *
 *     node scripts/benchmark/labs.ts [ROUNDS]     default 7
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const rounds = Number(process.argv[2] ?? 7);
const oneip = fileURLToPath(new URL("../oneip", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "oneip-bench-labs-"));

function hosts(count: number): string {
  const names = Array.from({ length: count - 1 }, (_, index) => `h${index + 2}`);
  const nodes = names.map((name) =>
    `    ${name}: {exec: [ip address add 10.0.0.${name.slice(1)}/24 dev eth1]}`
  );
  const links = names.map((name) => `    - endpoints: ["${name}:eth1", "sw:${name}"]`);
  const file = join(folder, `${count}.yaml`);
  const lines = [
    "name: x",
    "topology:",
    "  nodes:",
    "    sw: {kind: bridge}",
    ...nodes,
    "  links:",
    ...links,
    "",
  ];
  writeFileSync(file, lines.join("\n"));
  return file;
}

/** Seconds of a whole command. */
function time(runtime: string, ...words: string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(oneip, ["lab", ...words], {
    env: { ...process.env, ONEIP_RUNTIME: runtime },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return (performance.now() - began) / 1000;
}

function summary(seconds: readonly number[]): string {
  const sorted = seconds.toSorted((a, b) => a - b);
  const of = (at: number) => sorted[at]!.toFixed(2);
  return `${of(Math.floor(sorted.length / 2))} (${of(0)}-${of(sorted.length - 1)})`;
}

const name = `bench-${process.pid}`;
console.log("| | up, s | down, s |\n| --- | --- | --- |");
for (
  const [what, topology] of [["10 hosts", hosts(10)], ["50 hosts", hosts(50)], [
    "routing",
    "routing",
  ]] as const
) {
  for (const runtime of ["deno", "node"]) {
    const [up, down]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      up.push(time(runtime, "up", topology, "--name", name));
      down.push(time(runtime, "down", name));
    }
    console.log(`| ${what}, ${runtime === "deno" ? "Deno" : "Node"} | ${summary(up)} | ${summary(down)} |`);
  }
}
rmSync(folder, { recursive: true });
