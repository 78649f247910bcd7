/** What was proved, for a person at a terminal. */

import { styleText } from "node:util";
import type { Step } from "../prove/enumerations.ts";
import { describeBound } from "../prove/live_set_checks.ts";
import type { ClaimReport, ClusterReport, Proof } from "../prove/report.ts";
import { formatTable } from "./table.ts";
import { wrap } from "./wrap.ts";

/** Where the text of a claim begins. */
const BY = " ".repeat(5);

/** One line that is written again and again, on a terminal only. */
export function showProgress(output: NodeJS.WriteStream): {
  readonly show: (cluster: string, step: Step) => void;
  readonly end: () => void;
} {
  const rewrite = (text: string) => output.isTTY ? void output.write(`\r\x1b[K${text}`) : undefined;
  return {
    show: (cluster, { row, done, all }) =>
      rewrite(`cluster ${cluster}: ${row.what}, ${Math.floor(100 * done / all)} %`.slice(0, 79)),
    end: () => rewrite(""),
  };
}

export function describeProof(proof: Proof): string {
  const { clusters, ok, finished, seed, seconds } = proof;
  const isDrawn = clusters.some(({ rows, sample }) => sample !== null || rows.some(({ of }) => of === null));
  const time = `${formatSeconds(seconds)}${isDrawn ? `; samples are drawn by the seed ${seed}` : ""}`;
  const verdict = ok
    ? styleText("green", "proved")
    : finished
    ? styleText("red", "not so: the commands above show it")
    : styleText("yellow", "stopped before all was looked at");
  return [...clusters.map((cluster) => describeCluster(cluster, proof)), `${verdict}, ${time}`].join("\n\n");
}

function describeCluster(report: ClusterReport, proof: Proof): string {
  const { cluster, backends, buckets, algorithm, rows, shares } = report;
  return [
    `cluster ${cluster}: ${backends} ${backends === 1 ? "backend" : "backends"}, ${
      count(buckets)
    } buckets, ${algorithm}`,
    describeRows(rows),
    ...(shares.length === 0 ? [] : [describeShares(shares)]),
    report.claims.map((claim) => describeClaim(claim, report, proof)).join("\n"),
  ].join("\n\n");
}

function describeRows(rows: ClusterReport["rows"]): string {
  const known = rows.map(({ what, liveSets, of, pairs, seconds }) => [
    what,
    count(liveSets),
    of === null ? "" : count(of),
    pairs === 0 ? "" : count(pairs),
    formatSeconds(seconds),
  ]);
  return rightAligned(["looked at", "live sets", "of", "pairs", "time"], known);
}

function describeShares(shares: ClusterReport["shares"]): string {
  return rightAligned(
    ["backend", "buckets", "in proportion", "within"],
    shares.map(({ backend, buckets, exact, most }) => [
      backend,
      count(buckets),
      exact.toFixed(1),
      `± ${most.toFixed(1)}`,
    ]),
  );
}

/** But for the first column. Indented. */
function rightAligned(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const aligned = [head, ...rows].map((row) =>
    row.map((text, column) => column === 0 ? text : text.padStart(widths[column]!))
  );
  return formatTable(aligned[0]!, aligned.slice(1)).replaceAll(/^/gm, "  ");
}

function describeClaim(
  report: ClaimReport,
  cluster: ClusterReport,
  { finished, withoutKernel }: Proof,
): string {
  const { id, claim, asked, unit, wrong, example } = report;
  const line = (mark: string, text: string) => `${mark} ${wrap(text, BY)}`;
  const detail = detailOf(id, cluster);
  if (wrong > 0) {
    const down = example!.down.length === 0 ? "all live" : `down: ${example!.down.join(", ")}`;
    return [
      line(styleText("red", "FAIL"), `${claim}: ${count(wrong)} wrong of ${count(asked)} ${unit}`),
      BY + wrap(`${example!.found} (${down})`, BY),
      ...example!.commands.map((command) => `${BY}  ${command}`),
    ].join("\n");
  }
  if (asked === 0) {
    const isOfFrames = id === "kernel" || (id === "clients" && cluster.shares.length > 0);
    const why = !finished
      ? "not reached"
      : `left out${isOfFrames && withoutKernel !== null ? `: ${withoutKernel}` : ""}`;
    return line("--  ", `${claim}: ${why}`);
  }
  if (id === "moves" && cluster.algorithm === "modulo") {
    return line("--  ", `${claim}: not promised by modulo${detail}`);
  }
  return line(styleText("green", "ok  "), `${claim}: ${count(asked)} ${unit}${detail}`);
}

function detailOf(id: ClaimReport["id"], { nearest, mostMoved, filters, sample }: ClusterReport): string {
  switch (id) {
    case "shares":
      return nearest === null
        ? ""
        : `; the nearest to it was ${nearest.buckets} of ${nearest.backend}, where ${
          describeBound(nearest)
        } are right`;
    case "moves":
      return mostMoved === null
        ? ""
        : `; the first to go down moves ${(100 * mostMoved).toFixed(1)} % of all buckets at most`;
    case "filters":
      return filters.liveSets === filters.of
        ? ""
        : `, under ${count(filters.liveSets)} of ${count(filters.of)} live sets`;
    case "clients":
    case "kernel":
      return sample === null
        ? ""
        : `; ${count(sample.clients)} clients at ${sample.filters} of ${count(sample.of)} filters`;
    default:
      return "";
  }
}

function count(number: number): string {
  return number.toLocaleString("en");
}

function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(seconds < 10 ? 2 : 0)} s`;
}
