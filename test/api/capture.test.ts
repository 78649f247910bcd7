/** Frames over the API as they come: at once, until there are enough; and a reader that is slow or goes away costs nothing. */

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Engine } from "oneip";
import { askForStream } from "../../src/api/client.ts";
import { CAPTURE } from "../../src/api/contract.ts";
import { captureStream } from "../../src/api/capture_stream.ts";
import { listen, type Listener } from "../../src/api/socket.ts";
import { readCapture } from "../../src/capture/reader.ts";
import { framesIn, WholeBlocks } from "../../src/capture/whole_blocks.ts";
import type { LiveCapture } from "../../src/engine/live_capture.ts";
import { REAL_CLOCK, turnOfTheLoop } from "../../src/system/clock.ts";
import { until } from "../../src/system/until.ts";
import * as f from "../frames.ts";
import { clusterOf, machines, Run } from "../engine/run.ts";
import { SOURCES } from "./handlers.ts";

const MACHINES = machines(1);
/** To a closed port, so that nothing follows from it. */
const FRAME = f.ethernet(f.ipv4(f.udp(Array<number>(1400).fill(7)), { src: "198.51.100.7" }));
const WANTED = { client: "198.51.100.7" };

let run: Run;
let engine: Engine;
beforeEach(async () => {
  run = new Run(MACHINES, clusterOf(MACHINES, { ports: ["80/tcp"], closed: "drop" }));
  engine = await run.start();
  await run.clock.advance(1000);
});
afterEach(() => engine.stop());

function bring(count: number): void {
  for (let left = count; left > 0; left--) run.link.bring(FRAME);
}

/** What comes as time passes, until the stream ends. */
class Reader {
  readonly blocks = new WholeBlocks();
  readonly octets: Uint8Array[] = [];
  isEnded = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(capture: LiveCapture, limits: { count?: number; seconds?: number } = {}) {
    this.#reader = captureStream(capture, limits, run.clock).getReader();
    void this.#read();
  }

  get frames(): number {
    return framesIn(Buffer.concat(this.octets));
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }

  async #read(): Promise<void> {
    for (let next = await this.#reader.read(); !next.done; next = await this.#reader.read()) {
      this.octets.push(this.blocks.add(next.value));
    }
    this.isEnded = true;
  }
}

test("the header comes at once, frames as they come; who leaves ends the capture, and nothing is left", async () => {
  const waiting = run.clock.waiting;
  const capture = engine.capture(WANTED);
  const reader = new Reader(capture);
  await turnOfTheLoop();
  expect([reader.octets.length, reader.frames], "the header").toEqual([1, 0]);
  bring(1);
  await run.clock.advance(20);
  expect(reader.frames).toBe(1);
  bring(2);
  await run.clock.advance(20);
  expect(readCapture(Buffer.concat(reader.octets))).toEqual([FRAME, FRAME, FRAME]);
  await reader.cancel();
  expect(capture.isOver).toBe(true);
  await run.clock.advance(100);
  expect(run.clock.waiting).toBe(waiting);
});

test("it ends after so many frames, or seconds, and says what was lost; while nothing comes it speaks each 15 seconds", async () => {
  const counted = new Reader(engine.capture(WANTED), { count: 3 });
  bring(10);
  await run.clock.advance(20);
  expect([counted.isEnded, counted.frames, counted.blocks.lost, counted.blocks.comment]).toEqual([
    true,
    3,
    0,
    undefined,
  ]);

  const timed = new Reader(engine.capture(WANTED), { seconds: 40 });
  bring(4000);
  await run.clock.advance(39_000);
  expect(timed.isEnded).toBe(false);
  const parts = timed.octets.length;
  await run.clock.advance(2000);
  expect([timed.isEnded, timed.frames + timed.blocks.lost]).toEqual([true, 4000]);
  expect(timed.blocks.lost).toBeGreaterThan(1000);
  expect(timed.octets.length).toBe(parts + 1);
});

test("it says why the dispatcher has ended it, after what was captured by then", async () => {
  const reader = new Reader(engine.capture(WANTED));
  bring(2);
  await run.clock.advance(20);
  bring(1);
  const next = await run.takeOver(engine);
  await run.clock.advance(0);
  expect([reader.isEnded, reader.frames, reader.blocks.comment]).toEqual([
    true,
    3,
    "Another process takes over from the dispatcher; capture from that one now",
  ]);
  await next.stop();
});

/** Over a real socket, while the dispatcher is in virtual time. */
async function listening(): Promise<
  { path: string; taken: () => number; listener: Listener } & AsyncDisposable
> {
  const folder = mkdtempSync(join(tmpdir(), "oneip-capturing-"));
  const path = join(folder, "socket");
  let taken = 0;
  const listener = await listen(path, {
    ...SOURCES,
    capture(input) {
      const capture = engine.capture(input);
      const read = capture.read.bind(capture);
      capture.read = (...most) => {
        const frames = read(...most);
        taken += frames.reduce((sum, { octets }) => sum + octets.length, 0);
        return frames;
      };
      return captureStream(capture, input, REAL_CLOCK);
    },
  });
  return {
    path,
    listener,
    taken: () => taken,
    [Symbol.asyncDispose]() {
      listener.close();
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  };
}

const isCapturing = () => {
  try {
    engine.capture().stop();
    return false;
  } catch {
    return true;
  }
};

test("a reader that stands still makes captures lost, not memory grow; when it goes away nothing is captured any more", async () => {
  await using server = await listening();
  const asked = request({ socketPath: server.path, path: CAPTURE, method: "POST" }).end();
  const [response] = await once(asked, "response") as [IncomingMessage];
  expect([response.statusCode, response.headers["content-type"]]).toEqual([
    200,
    "application/vnd.tcpdump.pcap",
  ]);
  response.pause();
  let before = -1;
  await until("nothing more is taken", async () => {
    const taken = server.taken();
    bring(4000);
    const isFull = taken === before;
    before = taken;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return isFull;
  });
  expect(server.taken()).toBeLessThan(4 << 20);
  expect(isCapturing()).toBe(true);
  asked.destroy();
  await until("its capture has ended", () => !isCapturing());
});

test("a second one is refused, with words", async () => {
  await using server = await listening();
  const first = await askForStream(server.path, CAPTURE, {});
  await expect(askForStream(server.path, CAPTURE, {})).rejects.toThrow("Somebody captures already");
  first.end();
  await until("it has ended", () => !isCapturing());
  await expect(askForStream(server.path, CAPTURE, { client: "10.0.0" })).rejects.toThrow(
    "client: use an address, or a prefix such as 198.51.100.0/24",
  );
  await expect(askForStream(server.path, CAPTURE, { snaplen: 0, verdicts: [] })).rejects.toThrow(
    "verdicts: give one at least; snaplen: use a whole number from 1 to 262144",
  );
  const last = await askForStream(server.path, CAPTURE, {});
  const reading = (async () => {
    for await (const _ of last.octets);
  })();
  const ended = expect(reading).rejects.toThrow("The dispatcher has ended");
  server.listener.close();
  await ended;
});
