/**
 * What a machine that is far too busy does to connections: many downloads at once, with clients, router, backends and dispatcher
 * all on this machine. Root; everything happens in the namespaces of netns/routing.yaml.
 *
 *     node_modules/.bin/node scripts/benchmark/load.ts [--runs 10] [--busy 2] [--variants all,none,...] [--before CHECKOUT]
 *
 * The remedies are taken away one by one, by taking away the capability that they need or by setting the kernel's default
 * again. What is printed, run by run: downloads that are whole, connections that were reset or refused, healthy neighbors that
 * were given up and those that were given more time instead, and frames that the TAP's full queue dropped.
 */

import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Lab, type LabNode } from "oneip";
import { Program } from "../../src/lab/program.ts";
import { formatTable } from "../../src/cli/table.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DOWNLOADS = 200;
const CLIENTS = 39;
const OCTETS = 8_000_000;
const PORT = 8080;
const TAP = "oneip0";
const BACKENDS = ["web1", "web2", "web3", "web4"];
/** What the kernel gives a TAP. */
const DEFAULT_QUEUE_LENGTH = 1000;

interface Variant {
  readonly name: string;
  /** Capabilities that the dispatcher is not given. */
  readonly without: readonly string[];
  /** Of the TAP; undefined: as the dispatcher sets it. */
  readonly queueLength: number | undefined;
  readonly checkout: string;
}

const OWN_QUEUE = ["bpf", "sys_admin"];
const PRIORITY = ["sys_nice"];

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10" },
    busy: { type: "string", default: "0" },
    variants: { type: "string", default: "" },
    before: { type: "string" },
  },
});

const variants: readonly Variant[] = [
  variant("all remedies", []),
  variant("no own queue", OWN_QUEUE),
  variant("no priority", PRIORITY),
  variant("short queue", [], DEFAULT_QUEUE_LENGTH),
  variant("evidence only", [...OWN_QUEUE, ...PRIORITY], DEFAULT_QUEUE_LENGTH),
  ...[2000, 8192].map((length) => variant(`queue ${length}`, [], length)),
  ...(values.before === undefined
    ? []
    : [{ ...variant("before", [], DEFAULT_QUEUE_LENGTH), checkout: resolve(values.before) }]),
].filter(({ name }) => values.variants === "" || values.variants.split(",").includes(name));

const folder = mkdtempSync(join(tmpdir(), "oneip-load-"));
const rows: string[][] = [];
try {
  await using lab = await Lab.up(join(ROOT, "netns/routing.yaml"), { name: `load-${process.pid}` });
  await serve(lab);
  for (let run = 1; run <= Number(values.runs); run++) {
    for (const variant of variants) rows.push([String(run), variant.name, ...await measure(lab, variant)]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  formatTable(
    ["run", "variant", "seconds", "whole", "reset", "refused", "other", "given up", "given time", "dropped"],
    rows,
  ),
);

function variant(name: string, without: readonly string[], queueLength?: number): Variant {
  return { name, without, queueLength, checkout: ROOT };
}

/** nginx on each backend, with a file to download. */
async function serve(lab: Lab): Promise<void> {
  await lab.node("lb").program!.stop();
  const file = openSync(join(folder, "download"), "w");
  ftruncateSync(file, OCTETS);
  closeSync(file);
  for (const name of BACKENDS) {
    const conf = join(folder, `${name}.conf`);
    const log = logOf(name);
    writeFileSync(log, "");
    writeFileSync(
      conf,
      `daemon off; worker_processes 1; user root; pid ${folder}/${name}.pid; error_log ${log} info;
       events { worker_connections 1024; }
       http { access_log off; sendfile on; server { listen ${PORT} backlog=1024; root ${folder}; } }`,
    );
    // As from a network card without offloads: a segment for each packet, and so as many acknowledgments.
    await lab.node(name).exec("ip", "link", "set", "eth1", "gso_max_segs", "1");
    await programAt(lab.node(name), `nginx -e ${log} -c ${conf}`, `${name}.out`, undefined).start();
  }
}

/** What a backend's nginx says. */
function logOf(name: string): string {
  return join(folder, `${name}.log`);
}

function programAt(node: LabNode, cmd: string, log: string, readyText: string | undefined): Program {
  const ports = readyText === undefined ? [{ port: PORT, protocol: "tcp" as const }] : [];
  const env = { ONEIP_RUNTIME: "Deno" in globalThis ? "deno" : "node" };
  return new Program({
    there: node.command([]),
    cmd,
    cwd: join(ROOT, "netns"),
    env,
    logFile: join(folder, log),
    ports,
    readyText,
  });
}

/** A dispatcher of its own for each run, so that it begins with nothing known. */
async function measure(lab: Lab, { name, without, queueLength, checkout }: Variant): Promise<string[]> {
  const node = lab.node("lb");
  const drop = without.map((capability) => `-${capability}`).join();
  const prefix = drop === "" ? "" : `setpriv --bounding-set=${drop} --inh-caps=${drop} `;
  const cmd = `${prefix}${join(checkout, "scripts/oneip")} run -c routing.oneip.yaml`;
  const dispatcher = programAt(node, cmd, "lb.log", '"msg":"running"');
  await dispatcher.start();
  if (queueLength !== undefined) await node.exec("ip", "link", "set", TAP, "txqueuelen", String(queueLength));
  const busy = Array.from({ length: Number(values.busy) }, () => spawn("sh", ["-c", "while :; do :; done"]));
  try {
    const began = performance.now();
    const ends = await downloads(lab.node("client1"));
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const dropped = (await node.exec("cat", `/sys/class/net/${TAP}/statistics/tx_dropped`)).trim();
    await dispatcher.stop();
    const givenUp = dispatcher.log.split("\n").filter((line) =>
      line.includes("neighbor does not answer")
    ).length;
    const count = (...codes: number[]) => String(ends.filter((code) => codes.includes(code)).length);
    const other = ends.filter((code) => ![0, 7, 56].includes(code));
    const doubted = /"doubted":(\d+)/.exec(dispatcher.log)?.[1] ?? "";
    const row = [
      seconds,
      count(0),
      count(56),
      count(7),
      other.join(" ") || "0",
      String(givenUp),
      doubted,
      dropped,
    ];
    console.error(name, row.join(" "));
    if (other.length > 0) console.error(BACKENDS.map((name) => readFileSync(logOf(name), "utf8")).join(""));
    return row;
  } finally {
    await Promise.all(busy.map(stop));
  }
}

/** How each ended, as curl says: 0 whole, 7 refused, 56 reset. */
async function downloads(client: LabNode): Promise<number[]> {
  const one = `curl -sS --max-time 200 -o /dev/null --interface 198.51.100.$((i % ${CLIENTS} + 1)) ` +
    `-w '%{exitcode}\\n' http://10.0.0.100:${PORT}/download 2>/dev/null &`;
  const printed = await client.exec(
    "sh",
    "-c",
    `i=0; while [ $i -lt ${DOWNLOADS} ]; do ${one} i=$((i + 1)); done; wait`,
  );
  return printed.trim().split("\n").map(Number);
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    child.once("exit", () => done());
    child.kill("SIGKILL");
  });
}
