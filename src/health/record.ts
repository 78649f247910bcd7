/** What the probes have found so far, as plain data, so that another prober goes on by it. */

import type { Probe } from "../config/meaning.ts";
import type { Health } from "../cluster/liveness.ts";
import type { Failure } from "./attempt.ts";
import type { JudgeRecord } from "./judge.ts";
import type { Probed, Target } from "./targets.ts";

export interface ProberRecord {
  readonly counts: ProbeCounts;
  readonly backends: readonly ProbedRecord[];
}

/** Attempts, those that failed, and failed ones that say little or nothing because we lost frames or were late. */
export interface ProbeCounts {
  readonly asked: number;
  readonly failed: number;
  readonly doubted: number;
}

/** Of a backend. */
export interface ProbedRecord {
  readonly cluster: string;
  readonly backend: string;
  readonly address: string;
  /** What was told last; null before. */
  readonly told: Health["state"] | null;
  readonly targets: readonly TargetRecord[];
}

interface TargetRecord {
  readonly to: string;
  readonly port: number;
  readonly probe: Probe;
  readonly judge: JudgeRecord;
  readonly failure: Failure | null;
  readonly tookMs: number | null;
}

export function recordOf(
  { cluster, backend, address, targets }: Probed,
  told: Health["state"] | null,
): ProbedRecord {
  return {
    cluster,
    backend,
    address,
    told,
    targets: targets.map(({ to, port, probe, judge, failure = null, tookMs }) => (
      { to, port, probe, judge: judge.record(), failure, tookMs }
    )),
  };
}

/** As text. Most backends have the probe of their cluster, one for thousands. */
const texts = new WeakMap<Probe, string>();

function textOf(probe: Probe): string {
  const text = texts.get(probe) ?? JSON.stringify(probe);
  texts.set(probe, text);
  return text;
}

/** Takes over what is known of the same question: the same probe at the same address and port. */
export function adoptTarget(target: Target, known: readonly TargetRecord[]): void {
  const same = known.find(({ to, port, probe }) =>
    to === target.to && port === target.port && textOf(probe) === textOf(target.probe)
  );
  if (same === undefined) return;
  target.judge.adopt(same.judge);
  target.failure = same.failure ?? undefined;
  target.tookMs = same.tookMs;
}
