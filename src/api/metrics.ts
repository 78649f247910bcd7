/**
 * What a dispatcher knows, in the text format of Prometheus (docs/metrics.md), made anew for each scrape. No label is a client's, so there
 * are as many lines as there are backends, whatever clients do.
 *
 * It is text of our own because the usual library, prom-client, holds numbers of its own: it would be filled for each scrape, and then
 * takes more than four times as long, in which no answer to a probe is read.
 */

import type { BackendState } from "../cluster/liveness.ts";
import { dropped } from "../device/dropped.ts";
import { RUNTIME } from "../device/runtime.ts";
import type { Engine } from "../engine/engine.ts";
import type { Report } from "../engine/report.ts";
import type { FamilyStatus } from "../vrrp/pair.ts";
import type { BackendStatus, ClusterStatus, Status } from "../engine/status.ts";
import type { ProbeCounts } from "../health/record.ts";
import type { FastPathStatus } from "../plane/fast_path_status.ts";
import type { EtcdKnown } from "./etcd_status.ts";
import { isHandedUp, isSent, NAMES } from "../path/verdict.ts";

export interface Known {
  readonly report: Report;
  readonly status: Status;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** Such as `Deno 2.9.5`. */
  readonly runtime: string;
  /** Frames that the TAP's full queue has dropped. */
  readonly tapDropped: number;
  readonly probes: ProbeCounts;
  readonly fastPath: FastPathStatus;
  /** Null: it shares nothing by etcd. */
  readonly etcd: EtcdKnown | null;
}

export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** `startedMs`: when the service has started, in milliseconds since 1970. */
export function known(engine: Engine, startedMs: number, etcd: Known["etcd"] = null): Known {
  return {
    etcd,
    report: engine.report(),
    status: engine.status(),
    startedMs,
    runtime: RUNTIME,
    tapDropped: dropped(engine.interfaceName),
    probes: engine.probes,
    fastPath: engine.fastPath,
  };
}

const STATES: readonly BackendState[] = ["unknown", "up", "down", "flapping", "draining"];
const TECHNIQUES = ["route", "broadcast"] as const;
const ROUTES = ["unknown", "announced", "leaving", "withdrawn"] as const;

export function metricsText(known: Known): string {
  const { report, status, startedMs, runtime, tapDropped, probes, fastPath } = known;
  const { clusters } = status;
  const bird = status.fleet?.bird ?? null;
  const ofCluster = (value: (cluster: ClusterStatus) => number) =>
    clusters.map((cluster): Sample => [labels({ cluster: cluster.name }), value(cluster)]);
  const backends = clusters.flatMap(({ backends }) => backends)
    .map((backend) => ({ backend, own: labels({ cluster: backend.cluster, backend: backend.name }) }));
  const ofBackend = (value: (backend: BackendStatus) => number) =>
    backends.map(({ backend, own }): Sample => [own, value(backend)]);
  const ofPair = (value: (family: FamilyStatus) => number) =>
    (status.pair?.families ?? []).map((one): Sample => [labels({ family: one.family }), value(one)]);
  const transitionOf = (name: string) => report.transitions[name]!;
  return [
    gauge("start_time_seconds", "When the service has started, in seconds since 1970.", [[
      "",
      startedMs / 1000,
    ]]),
    gauge("runtime_info", "What it runs on; always 1.", [[labels({ runtime }), 1]]),
    counter(
      "frames_total",
      "Frames to the dispatcher, by what became of them; the sum of all is what the workers and the fast path had.",
      NAMES.map((verdict, index) => [
        labels({ outcome: outcomeOf(index), verdict }),
        report.verdicts[verdict] ?? 0,
      ]),
    ),
    counter(
      "worker_frames_total",
      "Frames read from the TAP, by the worker that read them.",
      report.workers.map((count, worker) => [labels({ worker: String(worker) }), count]),
    ),
    gauge("fast_path_attached", "1 while the kernel carries out its share of the path.", [
      ["", Number(fastPath.interface !== null)],
    ]),
    counter(
      "fast_path_frames_total",
      "Frames that the kernel has dispatched itself; no worker has read them.",
      [
        ["", report.fastPath.dispatched],
      ],
    ),
    counter(
      "fast_path_passed_up_frames_total",
      "Frames that the fast path has left to the workers, by reason.",
      Object.entries(report.fastPath.passedUp).map(([reason, count]) => [labels({ reason }), count]),
    ),
    counter("tap_dropped_frames_total", "Frames to the dispatcher that its full queue has dropped.", [
      ["", tapDropped],
    ]),
    gauge(
      "pair_active",
      "1 while this one of a pair is active in a family; no line without a pair.",
      ofPair(({ state }) => Number(state === "active")),
    ),
    counter(
      "pair_takeovers_total",
      "How often this one of a pair became active.",
      ofPair(({ takeovers }) => takeovers),
    ),
    counter(
      "pair_splits_total",
      "How often the other one of a pair was active at the same time.",
      ofPair(({ splits }) => splits),
    ),
    counter(
      "pair_advertisements_sent_total",
      "Advertisements sent to the other one of a pair.",
      ofPair(({ sent }) => sent),
    ),
    counter(
      "pair_advertisements_heard_total",
      "Right advertisements of the other one of a pair.",
      ofPair(({ heard }) => heard),
    ),
    counter(
      "peer_refused_total",
      "What the other one of a pair told in vain, by why; no line where it tells nothing.",
      Object.entries(status.peer?.refused ?? {}).map(([reason, count]) => [labels({ reason }), count]),
    ),
    gauge(
      "peer_known_clusters",
      "Clusters of which is known what the active one of a pair has; no line where it tells nothing.",
      status.peer === null ? [] : [["", status.peer.clusters]],
    ),
    counter("pending_frames_total", "Frames that waited for a backend's MAC, by what became of them.", [
      [labels({ outcome: "sent" }), report.kept.sent],
      [labels({ outcome: "dropped" }), report.kept.dropped],
    ]),
    counter("neighbor_doubts_total", "How often a silent neighbor was given more time.", [
      ["", report.doubted],
    ]),
    counter("probes_total", "Probes of backends that were begun.", [["", probes.asked]]),
    counter("probe_failures_total", "Probes of backends that failed.", [["", probes.failed]]),
    counter("probe_doubts_total", "Failed probes that say little: frames were lost or late here.", [
      ["", probes.doubted],
    ]),
    gauge("cluster_buckets", "Buckets in all.", ofCluster(({ buckets }) => buckets)),
    gauge("cluster_backends", "Backends in the configuration.", ofCluster(({ backends }) => backends.length)),
    gauge("cluster_live_backends", "Backends that may get new clients.", ofCluster(({ live }) => live)),
    gauge(
      "cluster_health_ignored",
      "1 while fewer backends are live than the minimum, so that health does not count.",
      ofCluster(({ healthIgnored }) => Number(healthIgnored)),
    ),
    gauge(
      "cluster_technique",
      "1 for the technique of a cluster now.",
      clusters.flatMap(({ name, technique }) =>
        TECHNIQUES.map((
          one,
        ): Sample => [labels({ cluster: name, technique: one }), Number(one === technique)])
      ),
    ),
    ...bird === null ? [] : [
      gauge("bird_answers", "1 while BIRD answers at its control socket.", [["", Number(bird.answers)]]),
      gauge("bird_bgp_sessions", "Sessions of BIRD with routers.", [["", bird.sessions.all]]),
      gauge("bird_bgp_sessions_established", "Those of them that are established.", [[
        "",
        bird.sessions.established,
      ]]),
      gauge(
        "cluster_routes",
        "1 for what BIRD announces of a cluster's routes now.",
        clusters.flatMap(({ name, routes }) =>
          ROUTES.map((state): Sample => [labels({ cluster: name, state }), Number(routes?.state === state)])
        ),
      ),
    ],
    counter(
      "cluster_dispatched_frames_total",
      "Frames dispatched to the backends of a cluster.",
      ofCluster(({ name }) => report.clusters[name]!.frames),
    ),
    counter(
      "cluster_dispatched_bytes_total",
      "Octets of these frames, with their Ethernet headers.",
      ofCluster(({ name }) => report.clusters[name]!.octets),
    ),
    counter(
      "cluster_broadcast_frames_total",
      "Frames sent to all backends.",
      ofCluster(({ name }) => report.broadcast[name]!),
    ),
    gauge(
      "transition_buckets",
      "Buckets in transition now.",
      ofCluster(({ name }) => transitionOf(name).buckets),
    ),
    gauge(
      "transition_connections",
      "Connections that are remembered now.",
      ofCluster(({ name }) => transitionOf(name).remembered),
    ),
    counter(
      "transition_unremembered_total",
      "New connections that went to the old owner, because there was no room to remember them.",
      ofCluster(({ name }) => transitionOf(name).unremembered),
    ),
    gauge(
      "backend_info",
      "The primary address of a backend; always 1.",
      backends.map(({ backend: { cluster, name, address } }) => [
        labels({ cluster, backend: name, address }),
        1,
      ]),
    ),
    gauge(
      "backend_state",
      "1 for the state of a backend now.",
      backends.flatMap(({ backend, own }) =>
        STATES.map((
          state,
        ): Sample => [`${own.slice(0, -1)},state="${state}"}`, Number(state === backend.state)])
      ),
    ),
    gauge("backend_live", "1 while a backend may get new clients.", ofBackend(({ live }) => Number(live))),
    gauge("backend_buckets", "Buckets that a backend owns now.", ofBackend(({ buckets }) => buckets)),
    gauge("backend_weight", "Weight of a backend now, 0 to 100.", ofBackend(({ weight }) => weight)),
    gauge(
      "backend_probe_duration_seconds",
      "How long the latest successful probe of a backend took, the slowest of its probes.",
      backends.flatMap(({ backend: { probeMs }, own }): Sample[] =>
        probeMs === null ? [] : [[own, probeMs / 1000]]
      ),
    ),
    counter(
      "dispatched_frames_total",
      "Frames dispatched to a machine, by its primary address.",
      byMachine(report.dispatched),
    ),
    counter(
      "dispatched_bytes_total",
      "Octets of these frames, with their Ethernet headers.",
      byMachine(report.octets),
    ),
    ...(known.etcd === null ? [] : ofEtcd(known.etcd)),
  ].join("");
}

function ofEtcd({ status, counts }: EtcdKnown): string[] {
  return [
    gauge("etcd_agreed", "1 while the dispatcher goes by the word of its fleet; 0 while it is alone.", [
      ["", Number(!status.isAlone)],
    ]),
    gauge(
      "etcd_configuration_revision",
      "etcd's revision of the shared configuration that it runs by; 0: that of its file.",
      [["", status.revision]],
    ),
    gauge("etcd_dispatchers", "Dispatchers whose word counts.", [["", status.dispatchers.length]]),
    counter("etcd_alone_total", "How often the dispatcher went alone.", [["", counts.alone]]),
    counter("etcd_behind_total", "How often etcd was found behind what was seen before.", [
      ["", counts.behind],
    ]),
    counter("etcd_refused_total", "Shared configurations that the dispatcher would not go by.", [
      ["", counts.refused],
    ]),
    counter("etcd_watches_total", "Watches that were begun.", [["", counts.watches]]),
    counter("etcd_requests_total", "Requests to members of etcd, by what became of them.", [
      [labels({ outcome: "answered" }), counts.requests.answered],
      [labels({ outcome: "failed" }), counts.requests.failed],
    ]),
  ];
}

/** Its labels, empty without any, and its value. */
type Sample = readonly [string, number];

function counter(name: string, help: string, samples: readonly Sample[]): string {
  return family(name, "counter", help, samples);
}

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  return family(name, "gauge", help, samples);
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `oneip_${name}${labels} ${value}\n`);
  return `# HELP oneip_${name} ${help}\n# TYPE oneip_${name} ${type}\n${lines.join("")}`;
}

function byMachine(counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([address, count]) => [labels({ address }), count]);
}

/** Names, addresses and words of ours: nothing in them would have to be escaped. */
function labels(values: Readonly<Record<string, string>>): string {
  return `{${Object.entries(values).map(([name, value]) => `${name}="${value}"`).join(",")}}`;
}

function outcomeOf(verdict: number): "sent" | "handed_up" | "dropped" {
  return isSent(verdict) ? "sent" : isHandedUp(verdict) ? "handed_up" : "dropped";
}
