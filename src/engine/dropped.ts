/** The last frames that were dropped: when, why, and whose they were. */

import { ClientLookup } from "../path/client_lookup.ts";
import * as verdict from "../path/verdict.ts";
import { type Dropped, KEPT } from "../plane/dropped_ring.ts";
import { ipOf } from "../wire/address.ts";
import * as virtio from "../wire/virtio.ts";
import type { EngineParts } from "./parts.ts";

/** The longest packet with its Ethernet header. */
const LONGEST = 65_600;

/** A frame that was dropped lately, and why. */
export interface DroppedFrame {
  /** Milliseconds since 1970. */
  readonly sinceEpochMs: number;
  /** By name. */
  readonly verdict: string;
  /** The next four are null when the frame is for no cluster. */
  readonly cluster: string | null;
  readonly client: string | null;
  readonly bucket: number | null;
  /** The owner of the bucket by now; null also when there is none. */
  readonly backend: string | null;
  /** Octets that it had, and the first of them. */
  readonly length: number;
  readonly octets: Uint8Array<ArrayBuffer>;
}

/** The last 1,000 of all workers, the oldest first. */
export function droppedFrames(
  { shared, attachment, config: { clusters }, plan, forwarding: { maps }, clock }: Pick<
    EngineParts,
    "shared" | "attachment" | "config" | "plan" | "forwarding" | "clock"
  >,
): DroppedFrame[] {
  // By the workers' clock, since the engine's may be that of the process before.
  const now = attachment.now() | 0;
  const ageMs = ({ timeMs }: Dropped) => (now - timeMs) | 0;
  const all = shared.workers.flatMap(({ dropped }) => dropped.list());
  const last = all.sort((one, other) => ageMs(other) - ageMs(one)).slice(-KEPT);
  const slot = new Uint8Array(LONGEST);
  const lookup = new ClientLookup(plan, slot);
  const begin = plan.offloads ? virtio.HEADER : 0;
  return last.map((dropped) => {
    const octets = dropped.octets.slice(begin);
    const length = dropped.length - begin;
    slot.fill(0).set(octets);
    const isForCluster = lookup.look(0, Math.min(length, LONGEST));
    return {
      sinceEpochMs: clock.sinceEpoch() - ageMs(dropped),
      verdict: verdict.NAMES[dropped.verdict]!,
      ...(isForCluster ? placeOf(lookup) : { cluster: null, client: null, bucket: null, backend: null }),
      length,
      octets,
    };
  });

  function placeOf({ cluster, bucket, client, isIpv6 }: ClientLookup) {
    const { name, backends } = clusters[cluster]!;
    const first = clusters.slice(0, cluster).reduce((sum, { buckets }) => sum + buckets, 0);
    const owner = maps[cluster]!.live[bucket - first]!;
    return {
      cluster: name,
      client: ipOf(slot.subarray(client, client + (isIpv6 ? 16 : 4))),
      bucket: bucket - first,
      backend: backends[owner]?.name ?? null,
    };
  }
}
