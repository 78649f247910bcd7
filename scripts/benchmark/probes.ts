/**
 * What probing costs: the CPU of a dispatcher, all of its threads, that probes many backends, over that of the same dispatcher with no
 * probes. Root; everything happens in namespaces. All backends are one machine with many addresses, so the figure is the
 * dispatcher's alone.
 *
 *     node_modules/.bin/node scripts/benchmark/probes.ts [--seconds 20]                       a dispatcher on Node
 *     node_modules/.bin/deno run -A scripts/benchmark/probes.ts [--seconds 20]                and one on Deno
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Lab, until } from "oneip";
import { formatTable } from "../../src/cli/table.ts";
import { lanTopology, makeCertificate } from "./lan.ts";
import { cpuNs } from "./process.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "20" } },
});

interface Case {
  readonly backends: number;
  readonly probe: string;
}

const CASES: readonly Case[] = [
  { backends: 200, probe: "" },
  { backends: 200, probe: "{type: icmp, interval: 1s}" },
  { backends: 200, probe: "{type: tcp, port: 8080, interval: 1s}" },
  { backends: 200, probe: "{type: udp, port: 53, send: ping, interval: 1s}" },
  { backends: 200, probe: "{type: http, port: 8080, interval: 1s}" },
  { backends: 200, probe: "{type: https, port: 8443, insecure: true, interval: 5s}" },
  { backends: 1000, probe: "" },
  { backends: 1000, probe: "{type: icmp, interval: 1s}" },
  { backends: 1000, probe: "{type: tcp, port: 8080, interval: 1s}" },
  { backends: 1000, probe: "{type: udp, port: 53, send: ping, interval: 1s}" },
];

const address = (index: number) => `10.0.${4 + (index >> 8)}.${index & 255}`;

function configOf({ backends, probe }: Case): string {
  const lines = Array.from(
    { length: backends },
    (_, index) => `      - {name: b${index}, address: ${address(index)}}`,
  );
  return `
dispatcher:
  interface: oneip0
  bridge: br0
  addresses: [10.0.0.2/16]
  verify: off
clusters:
  - name: web
    addresses: [10.0.0.100]
    health: [${probe}]
    backends:
${lines.join("\n")}
`;
}

const topologyOf = (folder: string) =>
  lanTopology("probes", {
    farm: `      exec:
        - ip address add 10.0.0.3/16 dev eth1
        - ip route add local 10.0.4.0/22 dev lo
        - nginx -e ${folder}/nginx.log -c ${folder}/nginx.conf
        - ip address add 10.0.0.100/32 dev lo
      cmd: $SERVER farm 10.0.0.100`,
  });

const NGINX = (folder: string) =>
  `daemon on; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log; events {}
   http {
     access_log off;
     server { listen 8080; return 200 well; }
     server {
       listen 8443 ssl;
       ssl_certificate ${folder}/server.pem; ssl_certificate_key ${folder}/server.key;
       return 200 well;
     }
   }`;

interface Measured {
  /** Of a core, in per cent. */
  readonly cpu: number;
  readonly up: number;
  readonly down: number;
}

async function measure(one: Case): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "oneip-probes-"));
  try {
    writeFileSync(join(folder, "oneip.yaml"), configOf(one));
    writeFileSync(join(folder, "nginx.conf"), NGINX(folder));
    writeFileSync(join(folder, "probes.yaml"), topologyOf(folder));
    await makeCertificate(folder);
    await using lab = await Lab.up(join(folder, "probes.yaml"), { name: `p${process.pid}` });
    const { program } = lab.node("lb");
    const count = (msg: string) => program!.log.split(`"msg":"${msg}"`).length - 1;
    await until("all neighbors answer", () => count("neighbor answers") >= one.backends);
    if (one.probe !== "") await until("all are up", () => count("backend is up") >= one.backends);
    await delay(2000);
    const [before, at] = [cpuNs(program!.pid!), performance.now()];
    await delay(Number(values.seconds) * 1000);
    const cpu = (cpuNs(program!.pid!) - before) / (performance.now() - at) / 1e4;
    return { cpu, up: count("backend is up"), down: count("backend is down") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const rows: (string | number)[][] = [];
for (const one of CASES) {
  const { cpu, up, down } = await measure(one);
  rows.push([one.backends, one.probe === "" ? "none" : one.probe, cpu.toFixed(1), up, down]);
}
console.log(formatTable(["backends", "probe", "% of a core", "told up", "told down"], rows));
