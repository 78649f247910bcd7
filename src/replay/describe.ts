/** What became of a capture's frames, as people read it. */

import type { ReplayedFrame } from "./replayed_frame.ts";
import type { ReplaySummary } from "./summary.ts";

export const HEADINGS = row("frame", "time", "verdict", "client", "bucket", "backend", "sent");

/** Columns of one width from the first line on, since the last one may be far away. */
function row(...cells: readonly [string, string, string, string, string, string, string]): string {
  const [number, time, verdict, client, bucket, backend, sent] = cells;
  return [
    number.padStart(6),
    time.padEnd(30),
    verdict.padEnd(18),
    client.padEnd(15),
    bucket.padStart(6),
    backend.padEnd(8),
    sent,
  ].join("  ").trimEnd();
}

/** A line below the headings. */
export function describeFrame(
  { number, time, verdict, client, bucket, backend, sent }: ReplayedFrame,
): string {
  const place = client === null ? ["", ""] as const : [String(bucket), backend ?? "none"] as const;
  return row(String(number), time, verdict, client ?? "", ...place, sent === null ? "" : describeSent(sent));
}

function describeSent({ to, mac, ttl, source, destination, length }: NonNullable<ReplayedFrame["sent"]>) {
  const where = [to, mac].filter((one) => one !== null).join(" at ");
  const packet = ttl === null ? "" : `, ${source} > ${destination}, ttl ${ttl}`;
  return `to ${where}${packet}, ${length} octets`;
}

export function describeSummary(
  { frames, verdicts, backends, toOthers, cut }: ReplaySummary,
  anyMac: boolean,
): string {
  const share = (count: number) => `${(100 * count / Math.max(1, frames)).toFixed(1)} %`;
  const table = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([name, count]) =>
      `  ${name.padEnd(22)}${String(count).padStart(10)}  ${share(count).padStart(7)}`
    );
  const lines = [`${frames} frames`, ...table(verdicts)];
  if (Object.keys(backends).length > 0) lines.push("dispatched to", ...table(backends));
  if (toOthers > 0) {
    lines.push(
      anyMac
        ? `${toOthers} frames were to another MAC than the dispatcher's, and counted as addressed to it`
        : `${toOthers} frames are to another MAC than the dispatcher's: drop_not_ours; with --any-mac they count as addressed to it`,
    );
  }
  if (cut > 0) lines.push(`${cut} frames are cut short in the capture; what is missing was taken as zeros`);
  return lines.join("\n");
}
