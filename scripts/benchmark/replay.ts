/**
 * How many frames a second `oneip replay --summary` takes through the path, on the runtime that runs this:
 *
 *     scripts/node scripts/benchmark/replay.ts [FRAMES]
 *     scripts/deno run -A scripts/benchmark/replay.ts [FRAMES]
 *
 * The capture has frames of 64 octets from 4,096 clients in turn, as pcap and as pcapng.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { captureFrame, captureHeader } from "../../src/capture/writer.ts";
import { openCapture } from "../../src/capture/open.ts";
import { RUNTIME } from "../../src/device/runtime.ts";
import { Replay } from "../../src/replay/replay.ts";
import { replayAll, Tally } from "../../src/replay/summary.ts";
import { loadConfig } from "oneip";
import { ethernet, ipv4, udp } from "../../test/frames.ts";

const CLIENTS = 4096;
const ROUNDS = 3;

const frames = Math.ceil(Number(process.argv[2] ?? 1_000_000) / CLIENTS) * CLIENTS;
const config = loadConfig(new URL("../../netns/routing.oneip.yaml", import.meta.url).pathname);
const folder = mkdtempSync(join(tmpdir(), "oneip-replay-"));
try {
  const octets = Array.from(
    { length: CLIENTS },
    (_, client) =>
      ethernet(ipv4(udp(Array<number>(22).fill(0)), { src: `198.18.${client >> 8}.${client & 255}` })),
  );
  for (const [format, chunk] of [["pcap", pcap(octets)], ["pcapng", pcapng(octets)]] as const) {
    const file = join(folder, format);
    for (let written = 0; written < frames; written += CLIENTS) {
      writeFileSync(file, written === 0 ? chunk.first : chunk.next, { flag: "a" });
    }
    const rates = Array.from({ length: ROUNDS }, () => rateOf(file)).sort((one, other) => one - other);
    console.log(
      `${RUNTIME}, ${format}: ${
        rates.map((rate) => Math.round(rate).toLocaleString("en")).join(", ")
      } frames a second`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

function rateOf(file: string): number {
  const replay = new Replay(config);
  const tally = new Tally();
  using capture = openCapture(file);
  const began = performance.now();
  replayAll(replay, capture.reader, tally);
  const seconds = (performance.now() - began) / 1000;
  const { verdicts } = tally.summary(replay);
  if (verdicts["dispatched"] !== frames) {
    throw new Error(`Not all were dispatched: ${JSON.stringify(verdicts)}`);
  }
  return frames / seconds;
}

interface Chunk {
  readonly first: Uint8Array;
  readonly next: Uint8Array;
}

function pcap(octets: readonly Uint8Array[]): Chunk {
  const header = Uint8Array.from(
    new Uint8Array(Uint32Array.of(0xa1b2c3d4, 0x0004_0002, 0, 0, 65_535, 1).buffer),
  );
  const records = octets.flatMap((frame) => [
    new Uint8Array(Uint32Array.of(1, 2, frame.length, frame.length).buffer),
    frame,
  ]);
  const next = Buffer.concat(records);
  return { first: Buffer.concat([header, next]), next };
}

function pcapng(octets: readonly Uint8Array[]): Chunk {
  const next = Buffer.concat(
    octets.map((octets) =>
      captureFrame({
        octets,
        lengthOnWire: octets.length,
        nanoseconds: 1n,
        direction: "in",
        comment: "a client's",
      })
    ),
  );
  return { first: Buffer.concat([captureHeader("eth1"), next]), next };
}
