/**
 * How long a router's routes by way of a dispatcher stay, and how many packets are lost, when that dispatcher of three
 *
 *     is killed              kill -9, until the router's kernel has no route to it
 *     loses its minimum      it is told that a backend is down and has too few, until the same
 *     is cut off             its link, until BFD finds out and the same
 *     stops                  SIGTERM, until the same; it forwards on for fleet.bird.drain
 *
 * 40 clients send a datagram each 40 ms, and each is answered. Root; all of it happens in the namespaces of netns/fleet.yaml.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Lab, type LabNode, until } from "oneip";
import { ask } from "../../src/api/client.ts";
import { formatTable } from "../../src/cli/table.ts";
import { CLUSTER, NextHops } from "../../test/scenario/next_hops.ts";
import { spreadOf } from "./statistics.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLIENTS = Array.from({ length: 40 }, (_, index) => `198.51.100.${index + 1}`);
const { values } = parseArgs({ options: { rounds: { type: "string", default: "10" } } });
const ROUNDS = Number(values.rounds);

/** What became of one round. */
interface Round {
  readonly goneMs: number;
  readonly sent: number;
  readonly lost: number;
}

class Datagrams {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(node: LabNode) {
    const [command = "", ...args] = node.command([
      ...[process.execPath, join(ROOT, "scripts/benchmark/datagrams.ts"), CLUSTER, "53", CLIENTS.join(",")],
    ]);
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Of those since the last time. */
  async count(): Promise<{ readonly sent: number; readonly answered: number }> {
    this.#child.stdin!.write("\n");
    return JSON.parse((await this.#lines.next()).value as string);
  }

  end(): void {
    this.#child.kill();
  }
}

const folder = mkdtempSync(join(tmpdir(), "oneip-bench-fleet-"));
try {
  cpSync(join(ROOT, "netns"), folder, { recursive: true });
  const config = join(folder, "fleet.oneip.yaml");
  writeFileSync(
    config,
    readFileSync(config, "utf8").replace("    backends:", "    minimum: 6\n    backends:"),
  );
  await using lab = await Lab.up(join(folder, "fleet.yaml"), { name: `bench-fleet-${process.pid}` });
  await measure(lab);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(lab: Lab): Promise<void> {
  const hops = new NextHops(lab.node("router"));
  await hops.are("1 2 3");
  const datagrams = new Datagrams(lab.node("client1"));
  const one = lab.node("lb1");
  const control = () => `/run/oneip/${statSync(`/proc/${one.program!.pid}/ns/net`).ino}.sock`;
  const backend = { cluster: "web", backend: "web6" };
  const kinds: Readonly<Record<string, { begin(): Promise<unknown>; back(): Promise<unknown> }>> = {
    "kill -9": { begin: () => one.program!.stop("SIGKILL"), back: () => one.program!.start() },
    "minimum lost": {
      begin: () => ask(control(), "drain", { ...backend, now: true }),
      back: () => ask(control(), "undrain", backend),
    },
    "link cut (BFD)": {
      begin: () => one.exec("ip", "link", "set", "eth1", "down"),
      back: () => one.exec("ip", "link", "set", "eth1", "up"),
    },
    "planned stop": { begin: () => one.program!.stop(), back: () => one.program!.start() },
  };
  const rows: string[][] = [];
  try {
    for (const [kind, { begin, back }] of Object.entries(kinds)) {
      const rounds: Round[] = [];
      while (rounds.length < ROUNDS) {
        await hops.are("1 2 3");
        await datagrams.count();
        const beganMs = Date.now();
        const done = begin();
        const goneMs = await hops.are("2 3") - beganMs;
        await done;
        const { sent, answered } = await datagrams.count();
        rounds.push({ goneMs, sent, lost: sent - answered });
        console.error(kind, goneMs.toFixed(0), "ms", sent - answered, "lost of", sent);
        await back();
        await until("its routes are announced", () => hops.are("1 2 3").then(() => true));
      }
      const spread = (of: (round: Round) => number) => {
        const { least, median, most } = spreadOf(rounds.map(of))!;
        return [least, median, most].map((value) => value.toFixed(0)).join(" / ");
      };
      rows.push([
        kind,
        spread(({ goneMs }) => goneMs),
        spread(({ sent }) => sent),
        spread(({ lost }) => lost),
      ]);
    }
  } finally {
    datagrams.end();
    hops.end();
  }
  console.log(formatTable(["least / median / most of", "route gone, ms", "sent", "lost"], rows));
}
