/** HTTP by wrk against nginx. wrk has one client address, so one backend answers, whoever dispatches. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Figure } from "./results.ts";
import { FAST_NAMES, NFTABLES, NOBODY, RUNTIME_NAMES } from "./names.ts";
import { needing } from "./subjects.ts";
import { BACKENDS, CLUSTER } from "./testbed.ts";
import { type Bench, inTurn, Running, type Turn } from "./turns.ts";
import { parseWrk, WRK_SCRIPT, wrkCommand } from "./wrk.ts";

const SECTION = "HTTP";

export async function http(bench: Bench): Promise<void> {
  const { bed, results } = bench;
  const { missing } = await needing("wrk", "nginx");
  if (missing !== undefined) return results.skip("HTTP", missing);
  const names = [NOBODY, NFTABLES, "HAProxy", ...FAST_NAMES, ...RUNTIME_NAMES];
  await using running = await Running.start(bench, names);
  const servers = await Promise.all(BACKENDS.map((node) => {
    const file = join(bed.folder, `${node}.nginx`);
    writeFileSync(file, nginxConfig(join(bed.folder, node)));
    return bed.start(node, `nginx -e stderr -c ${file}`, [{ port: 80, protocol: "tcp" }]);
  }));
  const script = join(bed.folder, "wrk.lua");
  writeFileSync(script, WRK_SCRIPT);
  const turns = (["keep-alive", "close"] as const).map((connection): Turn => ({
    figures: figuresOf(connection),
    subjects: running.subjects(),
    measure: async ({ nextHops }) => {
      await bed.route(nextHops);
      const printed = await bed.lab.node("client").exec(
        ...wrkCommand(script, `http://${CLUSTER.ipv4}/`, connection),
      );
      const { perSecond, p50, p99, p999 } = parseWrk(printed);
      return [perSecond, p50, p99, p999];
    },
  }));
  try {
    await inTurn(bench, turns);
    results.note(
      SECTION,
      "wrk with 16 connections from one address, so that one nginx answers, whoever dispatches; all share the cores.",
    );
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function nginxConfig(base: string): string {
  return `daemon off; worker_processes 1; pid ${base}.pid; error_log stderr;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  server { listen 80 backlog=4096; location / { return 200 "one of two\\n"; } }
}
`;
}

function figuresOf(connection: "keep-alive" | "close"): Figure[] {
  const section = SECTION;
  const way = connection === "close" ? "one request a connection" : "keep-alive";
  const id = connection === "close" ? "http-close" : "http-keep";
  return [
    {
      id,
      section,
      title: way,
      unit: "requests/s",
      better: "more",
      reference: NOBODY,
      charted: true,
    },
    ...["p50", "p99", "p99.9"].map((percentile): Figure => ({
      id: `${id}-${percentile}`,
      section,
      title: `${way}, ${percentile}`,
      unit: "ms",
      better: "less",
      reference: NOBODY,
    })),
  ];
}
