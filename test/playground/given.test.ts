/** What people give the page: configurations and captures, read as the commands read them, and in slices. */

import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { captureFrame, captureHeader } from "../../src/capture/writer.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import type { InputError } from "../../src/input/errors.ts";
import { checkConfig, MOST_CHARACTERS } from "../../src/playground/page/check_config.ts";
import { MOST_FRAMES_TOLD, replayCapture, type Replayed } from "../../src/playground/page/replay_capture.ts";
import { Slices } from "../../src/playground/page/slices.ts";
import { Replay } from "../../src/replay/replay.ts";
import { replayAll, Tally } from "../../src/replay/summary.ts";
import { readerIn } from "../../src/capture/reader.ts";
import * as f from "../frames.ts";

const CONFIG = `
dispatcher: {interface: oneip0, mac: "${f.MAC.dispatcher}", addresses: [${f.IP.dispatcher}/24]}
clusters:
  - name: web
    addresses: [${f.IP.cluster}]
    backends:
      - {name: web1, address: 10.0.0.11}
      - {name: web2, address: 10.0.0.12}
`;
const config: Config = parseConfig(CONFIG, "oneip.yaml", "machine");
const FRAMES = 40_000;

const captured = captureHeader("eth1");
const capture = Buffer.concat([
  captured,
  ...Array.from({ length: FRAMES }, (_, index) => {
    const octets = f.synToCluster(`198.51.${index >> 8}.${index & 0xff}`);
    return captureFrame({ octets, lengthOnWire: octets.length, nanoseconds: BigInt(index), direction: "in" });
  }),
]);
const wanted = () => new Slices(() => true);
const replayed = async (octets: Uint8Array, slices = wanted()) =>
  await replayCapture(octets, "x.pcapng", config, {}, slices) as Replayed;

test("mistakes in a configuration are those of oneip check, with line and column", async () => {
  const text = CONFIG.replace("10.0.0.11", "10.0.0.300").replace("name: web2", "nmae: web2");
  const told = (() => {
    try {
      return parseConfig(text, "oneip.yaml", "machine");
    } catch (error) {
      return (error as InputError).mistakes;
    }
  })();
  expect(await checkConfig(text, "oneip.yaml", wanted())).toEqual({
    config: undefined,
    mistakes: told,
    warnings: [],
  });
  expect(await checkConfig(CONFIG, "oneip.yaml", wanted())).toMatchObject({
    config: {},
    mistakes: [],
    warnings: [],
  });
  expect(
    (await checkConfig(
      CONFIG.replace("name: web\n", "name: web\n    algorithm: modulo\n"),
      "oneip.yaml",
      wanted(),
    ))!.warnings,
  )
    .toMatchObject([{ id: "modulo", line: 5, column: 16 }]);
});

test("a configuration that is longer than anyone types is not read", async () => {
  const { mistakes } = (await checkConfig("#".repeat(MOST_CHARACTERS + 1), "oneip.yaml", wanted()))!;
  expect(mistakes.map(({ message }) => message)).toEqual([
    "The configuration is too long for this page, found 200001 characters, use 200000 at most, or oneip check",
  ]);
});

test("a capture has the summary of oneip replay, and the page goes on meanwhile", async () => {
  const replay = new Replay(config);
  const tally = new Tally();
  replayAll(replay, readerIn(capture, "x.pcapng"), tally);
  let slices = 0;
  const { summary, frames, problem } = await replayed(capture, new Slices(() => ++slices > 0));
  expect(summary).toEqual(tally.summary(replay));
  expect([summary.frames, frames.length, problem]).toEqual([FRAMES, MOST_FRAMES_TOLD, undefined]);
  expect(slices).toBeGreaterThan(0);
});

test("a capture that nobody waits for is not read on", async () => {
  expect(await replayCapture(capture, "x.pcapng", config, {}, new Slices(() => false))).toBeUndefined();
});

test.each([
  [
    "a text",
    Buffer.from("frame,verdict\n1,dispatched\n"),
    0,
    "x.pcapng: octet 0: it is neither pcapng nor pcap",
  ],
  ["nothing", new Uint8Array(0), 0, "x.pcapng: octet 0: it is no capture, found 0 octets"],
  ["a compressed one", gzipSync(captured), 0, "x.pcapng: octet 0: it is compressed, found gzip"],
  ["one that is cut", capture.subarray(0, -40), FRAMES - 1, "x.pcapng: octet "],
])("%s has a clear word, and what came before counts", async (_, octets, frames, word) => {
  const { summary, problem } = await replayed(octets);
  expect([summary.frames, problem?.slice(0, word.length)]).toEqual([frames, word]);
});
