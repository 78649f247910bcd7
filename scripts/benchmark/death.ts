/**
 * From a backend's death to the last of its clients served elsewhere, by kind of probe. Root; everything happens in namespaces.
 *
 *     node_modules/.bin/node scripts/benchmark/death.ts [--deaths 10] [--only tcp,http]
 *
 * Eight clients of each of four backends ask an echo each 10 ms; each backend is probed in its own way, each second, and is down after
 * two failures. One after the other dies: its server is killed, or, for icmp, its alias is taken away, or, for arp and nd, its machine
 * is unplugged. The dispatcher's log says when it noticed, the clients when another backend answered them. Beside it keepalived, when
 * it is there, asks the same server as often and with the same patience, by the scripts of its VRRP; its checkers for IPVS want the
 * kernel's IPVS. It asks the backend's own address: the cluster address at one backend's MAC it cannot ask.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { explain, Lab, parseConfig, until } from "oneip";
import { formatTable } from "../../src/cli/table.ts";
import type { Served } from "./death_nodes.ts";
import { lanTopology, makeCertificate } from "./lan.ts";
import { spreadOf } from "./statistics.ts";

const NODES = fileURLToPath(new URL("death_nodes.ts", import.meta.url));
const KEEPALIVED = "/usr/sbin/keepalived";
const CLIENTS_EACH = 8;
/** Longer than any return of a backend. */
const SETTLE_MS = 1500;

interface Kind {
  readonly name: string;
  /** Without its interval and the like; undefined for the neighbor alone. */
  readonly probe: string | undefined;
  /** The command by which keepalived asks a backend's own address; undefined where it cannot. */
  readonly command: ((address: string) => string) | undefined;
  readonly dies: "server" | "alias" | "plug";
  readonly isIpv6?: true;
}

const ping = (address: string) => `/bin/ping -n -c1 -W1 ${address}`;
const curl = (scheme: string) => (address: string) =>
  `/usr/bin/curl -fsk -m1 -o /dev/null ${scheme}://${address}/`;

const KINDS: readonly Kind[] = [
  {
    name: "tcp",
    probe: "type: tcp, port: 80",
    command: (address) => `/bin/bash -c 'exec 3<>/dev/tcp/${address}/80'`,
    dies: "server",
  },
  { name: "http", probe: "type: http", command: curl("http"), dies: "server" },
  { name: "https", probe: "type: https, insecure: true", command: curl("https"), dies: "server" },
  { name: "udp", probe: "type: udp, port: 7, send: ping", command: undefined, dies: "server" },
  { name: "dns", probe: "type: dns, query: www.example.com", command: undefined, dies: "server" },
  { name: "exec", probe: "type: exec, port: 80, command: [/bin/true]", command: undefined, dies: "server" },
  { name: "icmp", probe: "type: icmp", command: undefined, dies: "alias" },
  { name: "arp", probe: undefined, command: ping, dies: "plug" },
  { name: "nd", probe: undefined, command: ping, dies: "plug", isIpv6: true },
];

const OFTEN = "interval: 1s, timeout: 1s, fall: 2, rise: 1";

interface Death {
  /** From the death to the dispatcher's word, and from there to the last client's first answer. */
  readonly noticedMs: number;
  readonly afterMs: number;
  /** From the death to keepalived's word. */
  readonly keepalivedMs: number | undefined;
}

const nameOf = (index: number) => `web${index + 1}`;
const addressOf = (index: number, { isIpv6 }: Kind) =>
  isIpv6 === true ? `2001:db8::1${index + 1}` : `10.0.0.1${index + 1}`;

function configOf(kinds: readonly Kind[]): string {
  const backends = kinds.map((kind, index) => {
    const health = kind.probe === undefined ? "[]" : `{${kind.probe}, ${OFTEN}}`;
    return `      - {name: ${nameOf(index)}, address: "${addressOf(index, kind)}", health: ${health}}`;
  });
  return `
dispatcher:
  interface: oneip0
  bridge: br0
  addresses: [10.0.0.2/16, "2001:db8::2/64"]
  verify: off
clusters:
  - name: web
    addresses: [10.0.0.100]
    flaps: 1000
    backends:
${backends.join("\n")}
`;
}

function topologyOf(kinds: readonly Kind[], folder: string): string {
  const backends = kinds.map((_, index): [string, string] => [
    nameOf(index),
    `      exec:
        - ip address add 10.0.0.1${index + 1}/16 dev eth1
        - ip address add 2001:db8::1${index + 1}/64 dev eth1 nodad
        - sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
        - ip address add 10.0.0.100/32 dev lo
      cmd: $RUN_TS ${NODES} serve ${nameOf(index)} ${folder}
      ports: [80/tcp, 443/tcp, 53/udp, 7/udp]`,
  ]);
  const clients = `      exec:
        - ip address add 10.0.0.3/16 dev eth1
        - ip address add 2001:db8::3/64 dev eth1 nodad
        - for i in $(seq 1 250); do ip address add 10.0.8.$i/16 dev eth1; done
        - ip route add 10.0.0.100 via 10.0.0.2`;
  return lanTopology("death", { clients, ...Object.fromEntries(backends) });
}

/** Scripts of VRRP that nothing follows from. */
function keepalivedConfig(kinds: readonly Kind[]): string {
  const asked = kinds.flatMap(({ command }, index) => command === undefined ? [] : [{ command, index }]);
  const scripts = asked.map(({ command, index }) =>
    `vrrp_script ${nameOf(index)} {
  script "${command(addressOf(index, kinds[index]!))}"
  interval 1
  timeout 1
  fall 2
  rise 1
}`
  );
  return `global_defs {
  enable_script_security
  script_user root
}
${scripts.join("\n")}
vrrp_instance watch {
  interface eth1
  virtual_router_id 77
  track_script {
${asked.map(({ index }) => `    ${nameOf(index)} weight 1`).join("\n")}
  }
  virtual_ipaddress {
    10.0.255.77/32
  }
}
`;
}

/** Lines of a program on a node, each with the time at which it came, until it is ended. */
function follow(command: readonly string[]): { readonly lines: [string, number][]; end(): void } {
  const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  const lines: [string, number][] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => lines.push([line, Date.now()]));
  }
  return { lines, end: () => child.kill() };
}

async function deathsOf(kinds: readonly Kind[], deaths: number): Promise<Map<string, Death[]>> {
  const folder = mkdtempSync(join(tmpdir(), "oneip-death-"));
  const config = configOf(kinds);
  writeFileSync(join(folder, "oneip.yaml"), config);
  writeFileSync(join(folder, "death.yaml"), topologyOf(kinds, folder));
  writeFileSync(join(folder, "keepalived.conf"), keepalivedConfig(kinds));
  await makeCertificate(folder);
  const found = new Map(kinds.map(({ name }) => [name, [] as Death[]]));
  await using lab = await Lab.up(join(folder, "death.yaml"), { name: `d${process.pid}` });
  const told = () =>
    lab.node("lb").program!.log.split("\n").filter((line) => line.startsWith("{")).map((line) =>
      JSON.parse(line) as { event?: string; backend?: string; time: number | string }
    );
  const lastOf = (backend: string) =>
    told().findLast((line) => line.backend === backend && line.event?.startsWith("backend."));
  const all = Array.from({ length: 250 }, (_, index) => `10.0.8.${index + 1}`);
  const placed = explain(parseConfig(config, "death", "death"), all, []);
  const clientsOf = (backend: string) =>
    placed.filter((one) => one.backend === backend).slice(0, CLIENTS_EACH).map(({ client }) => client);
  const clients = kinds.flatMap((_, index) => clientsOf(nameOf(index)));
  const node = lab.node("clients");
  const runtime = "Deno" in globalThis ? [process.execPath, "run", "-A", "--quiet"] : [process.execPath];
  const asking = follow(node.command([...runtime, NODES, "ask", clients.join(",")]));
  const pids = ["-p", "-r", "-c"].flatMap((option) => [option, join(folder, `pid${option}`)]);
  const watching = existsSync(KEEPALIVED)
    ? follow(
      node.command([KEEPALIVED, "-n", "-l", "-D", "-P", "-f", join(folder, "keepalived.conf"), ...pids]),
    )
    : undefined;
  try {
    for (const [index] of kinds.entries()) {
      await until("all are up", () => lastOf(nameOf(index))?.event === "backend.up");
    }
    await delay(SETTLE_MS);
    for (let count = 0; count < deaths; count++) {
      for (const [index, kind] of kinds.entries()) {
        const backend = nameOf(index);
        const before = asking.lines.length;
        const watchedBefore = watching?.lines.length ?? 0;
        const diedMs = Date.now();
        await set(lab, backend, kind, "dead");
        const down = await until(`${backend} is down`, () => {
          const last = lastOf(backend);
          return last?.event === "backend.down" && last;
        });
        const noticed = new Date(down.time).getTime();
        const own = clientsOf(backend);
        const served = await until(`the clients of ${backend} are served elsewhere`, () => {
          const moved = asking.lines.slice(before).map(([line]) => JSON.parse(line) as Served)
            .filter(({ client, backend: by }) => own.includes(client) && by !== backend);
          return own.every((client) => moved.some((one) => one.client === client)) && moved;
        });
        const afterMs = Math.max(...served.map(({ atMs }) => atMs)) - noticed;
        const word = kind.command === undefined || watching === undefined
          ? undefined
          : await until("keepalived says it, too", () =>
            watching.lines.slice(watchedBefore).find(([line]) =>
              line.includes(`(${backend}) failed`) || line.includes(`(${backend}) timed_out`)
            ));
        found.get(kind.name)!.push({
          noticedMs: noticed - diedMs,
          afterMs,
          keepalivedMs: word === undefined ? undefined : word[1] - diedMs,
        });
        await set(lab, backend, kind, "alive");
        await until(`${backend} is up`, () => lastOf(backend)?.event === "backend.up");
        // At another moment of the probes' second each time.
        await delay(SETTLE_MS + Math.random() * 1000);
      }
    }
  } finally {
    asking.end();
    watching?.end();
    rmSync(folder, { recursive: true });
  }
  return found;
}

async function set(lab: Lab, backend: string, { dies }: Kind, state: "dead" | "alive"): Promise<void> {
  const node = lab.node(backend);
  if (dies === "alias") {
    await node.exec("ip", "address", state === "dead" ? "del" : "add", "10.0.0.100/32", "dev", "lo");
  } else if (dies === "plug") {
    await lab.node("lan").exec("ip", "link", "set", backend, state === "dead" ? "down" : "up");
  } else if (state === "dead") await node.program!.stop("SIGKILL");
  else await node.program!.start();
}

const { values } = parseArgs({
  options: { deaths: { type: "string", default: "10" }, only: { type: "string" } },
});
const chosen = KINDS.filter(({ name }) => values.only?.split(",").includes(name) ?? true);
const rows: string[][] = [];
const show = (all: readonly (number | undefined)[]) => {
  const spread = spreadOf(all.filter((value) => value !== undefined));
  return spread === undefined ? "" : [spread.median, spread.least, spread.most].map(Math.round).join(" ");
};
for (let first = 0; first < chosen.length; first += 3) {
  const kinds = chosen.slice(first, first + 3);
  for (const [kind, deaths] of await deathsOf(kinds, Number(values.deaths))) {
    rows.push([
      kind,
      String(deaths.length),
      show(deaths.map(({ noticedMs }) => noticedMs)),
      show(deaths.map(({ afterMs }) => afterMs)),
      show(deaths.map(({ keepalivedMs }) => keepalivedMs)),
    ]);
  }
}
console.log("milliseconds: median, least, most");
console.log(
  formatTable(["probe", "deaths", "noticed", "from there to the last", "keepalived noticed"], rows),
);
