/** Metrics of a dispatcher in virtual time; Prometheus' own promtool judges their text, and the alerts on them. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { known, metricsText } from "../../src/api/metrics.ts";
import { runChecked } from "../../src/system/programs.ts";
import { clusterOf, machines, Run } from "../engine/run.ts";
import { isQuick } from "../needs.ts";
import { ROOT } from "../runtime.ts";

/** Two seconds after a start, in which one of four has failed its probes. */
async function scraped(): Promise<string> {
  const neighbors = machines(4);
  const run = new Run(
    neighbors,
    clusterOf(neighbors, { health: { type: "tcp", port: 80 } }, { web3: { weight: 2 } }),
  );
  await using engine = await run.start();
  await run.clock.advance(1000);
  engine.healthChanged("web", "web2", { state: "down", reason: "its port 80 refuses" });
  await run.clock.advance(1000);
  const { report, status, ...others } = known(engine, 1_700_000_000_500);
  const [since, why] = ["2026-01-01T00:00:00.000Z", ""];
  const bird = {
    socket: "/run/bird/bird.ctl",
    answers: true,
    why: null,
    since,
    administration: "active" as const,
  };
  return metricsText({
    ...others,
    status: {
      ...status,
      fleet: { bird: { ...bird, sessions: { established: 1, all: 2 } } },
      clusters: status.clusters.map((cluster) => ({
        ...cluster,
        routes: { state: "announced", why, since },
      })),
    },
    report: {
      ...report,
      fastPath: { ...report.fastPath, passedUp: { ...report.fastPath.passedUp, icmp: 3 } },
    },
    fastPath: { interface: "oneip0", why: null },
    etcd: {
      status: {
        ...{ name: "d1", endpoint: "http://10.0.0.5:2379", isAlone: false, why: null, sinceMs: 0 },
        ...{ revision: 7, refused: null, dispatchers: [{ name: "d1", revision: 7 }] },
      },
      counts: { alone: 2, behind: 0, refused: 1, watches: 3, requests: { answered: 90, failed: 4 } },
    },
  });
}

const text = await scraped();
const lines = text.split("\n");

test("they say of each backend, cluster and verdict what is so", () => {
  const web2 = 'cluster="web",backend="web2"';
  expect(lines).toEqual(expect.arrayContaining([
    "oneip_start_time_seconds 1700000000.5",
    "# TYPE oneip_frames_total counter",
    "oneip_fast_path_attached 1",
    'oneip_fast_path_passed_up_frames_total{reason="hop_limit"} 0',
    'oneip_fast_path_passed_up_frames_total{reason="icmp"} 3',
    'oneip_cluster_live_backends{cluster="web"} 3',
    'oneip_cluster_technique{cluster="web",technique="route"} 1',
    "oneip_bird_answers 1",
    "oneip_bird_bgp_sessions_established 1",
    'oneip_cluster_routes{cluster="web",state="announced"} 1',
    "oneip_etcd_agreed 1",
    "oneip_etcd_configuration_revision 7",
    'oneip_etcd_requests_total{outcome="failed"} 4',
    `oneip_backend_state{${web2},state="down"} 1`,
    `oneip_backend_state{${web2},state="up"} 0`,
    `oneip_backend_live{${web2}} 0`,
    `oneip_backend_buckets{${web2}} 0`,
    'oneip_backend_weight{cluster="web",backend="web3"} 2',
    'oneip_backend_info{cluster="web",backend="web1",address="10.0.1.0"} 1',
    'oneip_backend_probe_duration_seconds{cluster="web",backend="web1"} 0.001',
    'oneip_dispatched_bytes_total{address="10.0.1.0"} 0',
    'oneip_frames_total{outcome="dropped",verdict="drop_runt"} 0',
  ]));
});

test("the frames of all verdicts are those that workers have read, and the fast path's", () => {
  const sum = (name: string) =>
    lines.filter((line) => line.startsWith(`oneip_${name}{`) || line.startsWith(`oneip_${name} `))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  expect(sum("frames_total")).toBeGreaterThan(0);
  expect(sum("frames_total")).toBe(sum("worker_frames_total") + sum("fast_path_frames_total"));
});

test("docs/metrics.md has each of them, and no other", () => {
  const documented = readFileSync(join(ROOT, "docs/metrics.md"), "utf8").matchAll(/^\| `(oneip_\w+)/gm);
  const names = lines.filter((line) => line.startsWith("# TYPE ")).map((line) => line.split(" ")[2]);
  expect([...documented].map(([, name]) => name)).toEqual(names);
});

test.skipIf(isQuick)("promtool finds nothing to say of them", async () => {
  expect(await runChecked(["promtool", "check", "metrics"], { input: text })).toBe("");
});

test.skipIf(isQuick)("each alert is raised when it should be, and not before", async () => {
  await Promise.all([
    runChecked(["promtool", "check", "rules", "docs/alerts.yml"], { cwd: ROOT }),
    runChecked(["promtool", "test", "rules", "test/api/alerts.yml"], { cwd: ROOT }),
  ]);
});
