/**
 * The program that sees a lab: one process with sockets in each node's namespace. It is told by lines of JSON on its standard input
 * (`Question`), answers each with a line, and ends when that input does.
 *
 *     program.ts '[{"path": "/run/netns/lab-a", "interfaces": [{"node": "a", "interface": "eth1"}]}]'
 */

import { readSync, writeFileSync, writeSync } from "node:fs";
import { captureFrame, captureHeader } from "../capture/writer.ts";
import * as bpf from "../device/bpf.ts";
import { Poll } from "../device/poll.ts";
import { Eyes } from "./eyes.ts";
import { packetOf } from "./packet.ts";
import type { Mark, Observation, Observed, ObservedNode, Position, Question, Saved } from "./protocol.ts";

const STDIN = 0;
const STDOUT = 1;

const nodes = JSON.parse(process.argv[2]!) as ObservedNode[];
const interfaces = nodes.flatMap((node) => node.interfaces);

/** For judgements: of connections only where they begin and end, however much goes over them. */
const telling = new Eyes(nodes, bpf.program(bpf.takeAllButTcpData()));
/** Everything, for captures, once they are wanted. */
let capturing: Eyes | undefined;
const all = () => capturing === undefined ? [telling] : [telling, capturing];
let poll = new Poll([STDIN, ...telling.fds]);
let rest = "";

say({});
for (;;) {
  poll.wait(-1);
  for (const eyes of all()) eyes.read();
  if (!poll.isReadable(0) && !poll.isBroken(0)) continue;
  const text = Buffer.alloc(65_536);
  const length = readSync(STDIN, text);
  if (length === 0) break;
  const lines = (rest + text.toString("utf8", 0, length)).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    // What has happened before the question belongs to its answer.
    for (const eyes of all()) eyes.readAll();
    say(answer(JSON.parse(line) as Question));
  }
}

function answer(question: Question): unknown {
  if ("capture" in question) {
    capturing ??= new Eyes(nodes);
    poll = new Poll([STDIN, ...all().flatMap(({ fds }) => fds)]);
    return {};
  }
  if ("mark" in question) {
    return { telling: telling.position(), capturing: capturing?.position() } satisfies Mark;
  }
  if ("saveTo" in question) return save(question.saveTo, question.since.capturing!);
  const { frames, missed } = telling.since(question.since.telling);
  const observations = frames.flatMap(
    ({ octets, nanoseconds, isOutgoing, interface: place }): Observation[] => {
      const packet = packetOf(octets);
      if (packet === undefined) return [];
      return [{ ms: Number(nanoseconds) / 1e6, ...interfaces[place]!, isOutgoing, ...packet }];
    },
  );
  return { observations, missed } satisfies Observed;
}

function save(file: string, since: Position): Saved {
  const { frames, missed } = capturing!.since(since);
  const names = interfaces.map((one) => `${one.node}:${one.interface}`);
  const blocks = frames.map(({ isOutgoing, ...frame }) =>
    captureFrame({ ...frame, direction: isOutgoing ? "out" : "in" })
  );
  writeFileSync(file, Buffer.concat([captureHeader(...names), ...blocks]));
  return { frames: frames.length, missed };
}

function say(answer: unknown): void {
  const octets = Buffer.from(`${JSON.stringify(answer)}\n`);
  for (let at = 0; at < octets.length;) at += writeSync(STDOUT, octets, at);
}
