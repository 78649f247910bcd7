/**
 * Run on the bridge node: sends frames to a router and tells what came back, in order. Input: JSON, a list of {hex}; output: JSON,
 * a list of lists of hex. Behind each frame goes a marker that the router forwards, so that silence is known without waiting.
 */

import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Tap } from "oneip";
import * as f from "../frames.ts";

const [routerMac = ""] = process.argv.slice(2);
const frames = (JSON.parse(readFileSync(0, "utf8")) as string[]).map((hex) =>
  Uint8Array.from(Buffer.from(hex, "hex"))
);

const PROBE = "02:00:00:00:00:09";
const MINE = ["10.0.0.9", "2001:db8::9", "fe80::9"];
const MARKER = "192.0.2.250";
const PATIENCE_MS = 60_000;
/**
 * Markers that came through one after the other: more than can wait for a MAC (path/limits.ts: PENDING) while the dispatcher gathers what
 * it has learned (engine/changes.ts), so that on the fastest machine, too, these are forwarded and do not wait.
 */
const SETTLED = 200;

const tap = new Tap({ name: "probe", bridge: "br0" });
const slot = new Uint8Array(2048);
const own = f.mac(PROBE);
const isFromRouter = (frame: Uint8Array) => f.mac(routerMac).every((octet, at) => frame[6 + at] === octet);

function send(frame: Uint8Array): void {
  if (!tap.write(frame, frame.length)) throw new Error("the bridge did not take a frame");
}

/** Answers for our addresses; true when the frame was only a question for a neighbor, or an announcement. */
function converse(frame: Uint8Array): boolean {
  const type = (frame[12]! << 8) | frame[13]!;
  if (type === f.ETHERTYPE.arp) {
    const asked = [...frame.slice(38, 42)].join(".");
    if (frame[21] === 1 && MINE.includes(asked)) {
      const reply = f.arp({
        operation: 2,
        senderMac: PROBE,
        senderIp: asked,
        targetMac: routerMac,
        targetIp: [...frame.slice(28, 32)].join("."),
      });
      send(f.ethernet(reply, { src: PROBE, dst: routerMac, type }));
    }
    return true;
  }
  if (type !== f.ETHERTYPE.ipv6 || frame[20] !== 58) return false;
  if (frame[54] === 135) {
    const target = MINE.slice(1).find((address) =>
      f.ip6(address).every((octet, at) => frame[62 + at] === octet)
    );
    const from = [...frame.slice(22, 38)];
    if (target !== undefined && from.some((octet) => octet !== 0)) {
      const to = from.map((octet) => octet.toString(16).padStart(2, "0")).join("").match(/.{4}/g)!.join(":");
      const answer = f.advertisement({ from: target, to, target, mac: PROBE });
      send(f.ethernet(answer, { src: PROBE, dst: routerMac, type }));
    }
    return true;
  }
  // Router and multicast-listener chatter.
  return [130, 131, 132, 133, 134, 143].includes(frame[54]!);
}

/** An advertisement to all, as one who probed an address hears it. */
function isAnswerToAll(frame: Uint8Array): boolean {
  return isProbing && frame[0] === 0x33 && frame[54] === 136;
}

/** Frames from the router until this marker comes through; undefined when it does not. */
async function until(marker: number, patienceMs: number): Promise<string[] | undefined> {
  const seen: string[] = [];
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const length = tap.read(slot);
    if (length === 0) {
      await delay(1);
      continue;
    }
    const frame = slot.slice(0, length);
    if (!isFromRouter(frame) || converse(frame)) continue;
    if (!own.every((octet, at) => frame[at] === octet) && !isAnswerToAll(frame)) continue;
    const isMarker = frame[12] === 8 && [...frame.slice(30, 34)].join(".") === MARKER;
    if (!isMarker) seen.push(Buffer.from(frame).toString("hex"));
    else if (((frame[42]! << 8) | frame[43]!) === marker) return seen;
  }
  return undefined;
}

/** The frame in hand asks whether an address is free. */
let isProbing = false;
const outcomes: string[][] = [];
const mark = (id: number) =>
  send(
    f.ethernet(f.ipv4(f.udp(f.u16(id)), { src: "198.51.100.250", dst: MARKER }), {
      src: PROBE,
      dst: routerMac,
    }),
  );

// The router may still be looking for its neighbors, and the first frames after it found them may overtake each other.
const began = performance.now();
for (let id = 0x1000, inOrder = 0; inOrder < SETTLED; id++) {
  mark(id);
  inOrder = await until(id, 200) === undefined ? 0 : inOrder + 1;
  if (performance.now() - began > PATIENCE_MS) throw new Error(`the router at ${routerMac} does not forward`);
}
for (const [id, frame] of frames.entries()) {
  isProbing = frame[12] === 0x86 && frame[20] === 58 && frame[54] === 135 &&
    frame.subarray(22, 38).every((octet) => octet === 0);
  send(frame);
  mark(id);
  const outcome = await until(id, PATIENCE_MS);
  if (outcome === undefined) throw new Error(`the router at ${routerMac} did not forward marker ${id}`);
  outcomes.push(outcome);
}
tap.close();
console.log(JSON.stringify(outcomes));
