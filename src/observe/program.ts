/**
 * The program that sees a lab: one process with a socket in each node's namespace. It is told by lines of JSON on its standard input
 * (`Question`), answers each with a line, and ends when that input does.
 *
 *     program.ts '[{"path": "/run/netns/lab-a", "interfaces": [{"node": "a", "interface": "eth1"}]}]'
 */

import { readSync, writeFileSync, writeSync } from "node:fs";
import { captureFrame, captureHeader } from "../capture/writer.ts";
import { FrameSocket } from "../device/frame_socket.ts";
import * as ifreq from "../device/ifreq.ts";
import { inNetworkNamespace } from "../device/namespace.ts";
import { Poll } from "../device/poll.ts";
import { LatestFrames } from "./latest_frames.ts";
import { packetOf } from "./packet.ts";
import type { Observation, Observed, ObservedNode, Question } from "./protocol.ts";

const STDIN = 0;
const STDOUT = 1;

/** Octets of a frame that are kept: a whole one of most links, and the beginning of a super-frame. */
const MOST_OCTETS = 2048;
/** Frames that are read from one namespace before the others have their turn. */
const BURST = 64;

const nodes = JSON.parse(process.argv[2]!) as ObservedNode[];
const interfaces = nodes.flatMap((node) => node.interfaces);

/** A node's socket, and which of the interfaces its numbers are. */
const eyes = nodes.map((node) =>
  inNetworkNamespace(node.path, () => ({
    socket: new FrameSocket(),
    places: new Map(node.interfaces.map((one) => [ifreq.index(one.interface), interfaces.indexOf(one)])),
  }))
);
const poll = new Poll([STDIN, ...eyes.map(({ socket }) => socket.fd)]);
const frames = new LatestFrames();
let missed = 0;

let rest = "";

say({});
for (;;) {
  poll.wait(-1);
  for (const index of eyes.keys()) if (poll.isReadable(index + 1)) read(index);
  if (!poll.isReadable(0) && !poll.isBroken(0)) continue;
  const text = Buffer.alloc(65_536);
  const length = readSync(STDIN, text);
  if (length === 0) break;
  const lines = (rest + text.toString("utf8", 0, length)).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    // What has happened before the question belongs to its answer.
    for (const index of eyes.keys()) while (read(index));
    say(answer(JSON.parse(line) as Question));
  }
}

/** Did it read as many as it may at a time? */
function read(index: number): boolean {
  const { socket, places } = eyes[index]!;
  for (let count = 0; count < BURST; count++) {
    if (!socket.next()) return false;
    const place = places.get(socket.index);
    if (place === undefined) continue; // Such as lo, or a bridge.
    frames.add({
      nanoseconds: BigInt(socket.seconds) * 1_000_000_000n + BigInt(socket.nanoseconds),
      interface: place,
      isOutgoing: socket.isOutgoing,
      octets: socket.slot.slice(socket.at, socket.at + Math.min(socket.length, MOST_OCTETS)),
      lengthOnWire: socket.lengthOnWire,
    });
  }
  return true;
}

function answer(question: Question): unknown {
  missed += eyes.reduce((sum, { socket }) => sum + socket.missed(), 0);
  if ("mark" in question) return { mark: frames.next, missed };
  const { number, missed: missedBefore } = question.since;
  const kept = frames.since(number);
  if ("file" in question) {
    const names = interfaces.map((one) => `${one.node}:${one.interface}`);
    const blocks = kept.map(({ isOutgoing, ...frame }) =>
      captureFrame({ ...frame, direction: isOutgoing ? "out" : "in" })
    );
    writeFileSync(question.file, Buffer.concat([captureHeader(...names), ...blocks]));
    return { frames: kept.length };
  }
  const observations = kept.flatMap((frame): Observation[] => {
    const packet = packetOf(frame.octets);
    const { nanoseconds, isOutgoing } = frame;
    return packet === undefined
      ? []
      : [{ ms: Number(nanoseconds) / 1e6, ...interfaces[frame.interface]!, isOutgoing, ...packet }];
  });
  return {
    observations,
    missed: missed - missedBefore + Math.max(0, frames.first - number),
  } satisfies Observed;
}

function say(answer: unknown): void {
  const octets = Buffer.from(`${JSON.stringify(answer)}\n`);
  for (let at = 0; at < octets.length;) at += writeSync(STDOUT, octets, at);
}
