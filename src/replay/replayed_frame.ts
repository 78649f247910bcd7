/** What is said of a frame that was replayed. */

import type { CaptureReader } from "../capture/reader.ts";
import * as verdict from "../path/verdict.ts";
import { formatMac, ipOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import type { Belonging, Replay } from "./replay.ts";

/** A frame that would be sent. */
export interface SentFrame {
  /** Names of the backends there, or a next hop's address; null when it goes back to where the frame came from. */
  readonly to: string | null;
  /** Null when nobody knows it, because the capture has no answer to a question for it. */
  readonly mac: string | null;
  /** TTL or hop limit; null for ARP, as are the addresses. */
  readonly ttl: number | null;
  readonly source: string | null;
  readonly destination: string | null;
  readonly length: number;
}

export interface ReplayedFrame {
  /** Of the capture, from 1 on. */
  readonly number: number;
  /** ISO 8601, to the nanosecond. */
  readonly time: string;
  readonly verdict: string;
  /** The next four are null when the frame is for no cluster; `backend` also when none is live. */
  readonly cluster: string | null;
  readonly client: string | null;
  readonly bucket: number | null;
  readonly backend: string | null;
  /** Null when nothing would be sent. */
  readonly sent: SentFrame | null;
}

/** Takes the frame in hand through the path, and says all of it. */
export function replayFrame(replay: Replay, reader: CaptureReader, number: number): ReplayedFrame {
  replay.take(reader);
  const belonging = replay.belonging();
  const became = replay.receive();
  return {
    number,
    time: isoTime(reader.frame.nanoseconds),
    verdict: verdict.NAMES[became]!,
    ...namesIn(belonging),
    sent: verdict.isSent(became) ? sentFrame(replay, became) : null,
  };
}

function namesIn(belonging: Belonging | undefined) {
  if (belonging === undefined) return { cluster: null, client: null, bucket: null, backend: null };
  const { cluster, client, bucket, backend } = belonging;
  return { cluster: cluster.name, client, bucket, backend: backend?.name ?? null };
}

function sentFrame(replay: Replay, became: number): SentFrame {
  const { sent } = replay;
  const view = new DataView(sent.buffer, sent.byteOffset, sent.length);
  const [high, low] = [ethernet.dstHigh(view, 0), ethernet.dstLow(view, 0)];
  const madeUp = replay.madeUp(high, low);
  const neighbor = became === verdict.DISPATCHED || became === verdict.FORWARDED ? replay.neighbor : madeUp;
  return {
    to: neighbor === undefined ? null : replay.nameOf(neighbor),
    mac: madeUp === undefined ? formatMac(high, low) : null,
    ...ipIn(sent, view),
    length: sent.length,
  };
}

function ipIn(sent: Uint8Array, view: DataView): Pick<SentFrame, "ttl" | "source" | "destination"> {
  const tag = ethernet.type(view, 0) === ethernet.TYPE_VLAN ? ethernet.TAG : 0;
  const ip = ethernet.HEADER + tag;
  const address = (at: number, length: number) => ipOf(sent.subarray(ip + at, ip + at + length));
  switch (ethernet.type(view, tag)) {
    case ethernet.TYPE_IPV4:
      return { ttl: ipv4.ttl(view, ip), source: address(ipv4.SRC, 4), destination: address(ipv4.DST, 4) };
    case ethernet.TYPE_IPV6:
      return {
        ttl: ipv6.hopLimit(view, ip),
        source: address(ipv6.SRC, 16),
        destination: address(ipv6.DST, 16),
      };
    default:
      return { ttl: null, source: null, destination: null };
  }
}

/** A time of pcapng may be far from any date. */
function isoTime(nanoseconds: bigint): string {
  const milliseconds = Number(nanoseconds / 1_000_000n);
  if (!(Math.abs(milliseconds) < 8.64e15)) return `${nanoseconds} ns`;
  const fraction = (nanoseconds % 1_000_000_000n + 1_000_000_000n) % 1_000_000_000n;
  const seconds = Number((nanoseconds - fraction) / 1_000_000_000n);
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}.${String(fraction).padStart(9, "0")}Z`;
}
