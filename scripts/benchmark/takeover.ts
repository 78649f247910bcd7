/**
 * What takeovers cost whoever has connections: hundreds of them in their middle, a ping each millisecond, and one dispatcher after
 * another that takes over, on each runtime and from one to the other. Root; all of it happens in the namespaces of netns/routing.yaml.
 *
 *     node_modules/.bin/node scripts/benchmark/takeover.ts [--takeovers 6] [--clients 50]
 *     node_modules/.bin/deno run -A scripts/benchmark/takeover.ts [--takeovers 6] [--clients 50]
 *
 * The first row is the same load without a takeover: what a full machine loses by itself. Each client has four connections: idle, keep-alive, a download, an upload; all go on while the next dispatcher takes over.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Lab, type LabNode, until } from "oneip";
import { formatTable } from "../../src/cli/table.ts";
import { Program } from "../../src/lab/program.ts";
import { Connections } from "../../test/scenario/connections.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLUSTER = "10.0.0.100";
const PINGS = 1000;

const { values } = parseArgs({
  options: {
    takeovers: { type: "string", default: "6" },
    clients: { type: "string", default: "50" },
  },
});
const TAKEOVERS = Number(values.takeovers);
/** In turn, so that each runtime takes over from itself and from the other. */
const RUNTIMES = ["node", "deno", "deno", "node"] as const;
const CLIENTS = Array.from({ length: Number(values.clients) }, (_, index) => `198.51.100.${index + 1}`);

const folder = mkdtempSync(join(tmpdir(), "oneip-takeover-"));
const rows: string[][] = [];
try {
  await using lab = await Lab.up(join(ROOT, "netns/routing.yaml"), { name: `takeover-${process.pid}` });
  await measure(lab);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  formatTable(
    ["from", "to", "paused, ms", "connections", "cut", "moved", "pings", "lost", "dropped by the TAP"],
    rows,
  ),
);

async function measure(lab: Lab): Promise<void> {
  const [lb, client] = [lab.node("lb"), lab.node("client1")];
  await lb.program!.stop();
  // What is dropped is counted by the TAP for as long as it is there.
  await lb.exec("ip", "tuntap", "add", "oneip0", "mode", "tap");
  await lb.exec("ip", "link", "set", "oneip0", "txqueuelen", "4096");
  await client.exec("sysctl", "-qw", "net.ipv4.tcp_rmem=4096 131072 262144");
  let runtime: "deno" | "node" = "node";
  let now = dispatcher(lb, runtime, 0, "");
  await now.start();
  try {
    for (let turn = 0; turn <= TAKEOVERS; turn++) {
      const next = RUNTIMES[turn % RUNTIMES.length]!;
      const connections = new Connections(client);
      await connections.open(CLIENTS);
      const dropped = await droppedBy(lb);
      const end = join(folder, `end-${turn}`);
      const pings = pingUntil(client, end);
      const went = connections.goOn();
      let paused = "no takeover";
      if (turn > 0) {
        const program = dispatcher(lb, next, turn, "--takeover");
        await program.start();
        await until("the old one has ended", () => now.log.includes("takeover.given"));
        paused = /"pausedMs":(\d+)/.exec(program.log)?.[1] ?? "?";
        now = program;
      }
      const all = await went;
      writeFileSync(end, "");
      const { sent, answered } = await pings;
      await connections.end();
      const row = [
        runtime,
        next,
        paused,
        String(all.length),
        String(all.filter(({ cut }) => cut !== undefined).length),
        String(all.filter(({ first, last }) => first !== undefined && first !== last).length),
        String(sent),
        String(sent - answered),
        String(await droppedBy(lb) - dropped),
      ];
      console.error(row.join(" "));
      rows.push(row);
      runtime = next;
    }
  } finally {
    await now.stop();
  }
}

function dispatcher(node: LabNode, runtime: "deno" | "node", turn: number, option: string): Program {
  return new Program({
    there: node.command([]),
    cmd: `${join(ROOT, "scripts/oneip")} run -c routing.oneip.yaml ${option}`,
    cwd: join(ROOT, "netns"),
    env: { ONEIP_RUNTIME: runtime },
    logFile: join(folder, `${turn}.log`),
    ports: [],
    readyText: '"msg":"running"',
  });
}

async function droppedBy(node: LabNode): Promise<number> {
  return Number(await node.exec("cat", "/sys/class/net/oneip0/statistics/tx_dropped"));
}

/** A ping each millisecond, a thousand at a time, until there is this file. */
async function pingUntil(client: LabNode, file: string): Promise<{ sent: number; answered: number }> {
  const ping = `ping -q -c${PINGS} -i0.001 -W60 -I ${CLIENTS[0]} ${CLUSTER}`;
  const printed = await client.exec("sh", "-c", `until [ -e ${file} ]; do ${ping}; done`);
  const counts = [...printed.matchAll(/(\d+) packets transmitted, (\d+) received/g)];
  const sum = (at: number) => counts.reduce((total, count) => total + Number(count[at]), 0);
  return { sent: sum(1), answered: sum(2) };
}
