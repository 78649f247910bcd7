import pino from "pino";
import { expect, test } from "vitest";
import { parseConfig } from "oneip";
import { LinkFrames } from "../../src/link/link_frames.ts";
import type { Frame } from "../../src/link/own_frames.ts";
import { PacketFrames } from "../../src/link/packet_frames.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { Verifier } from "../../src/verify/verifier.ts";
import { parseMac } from "../../src/wire/address.ts";
import * as f from "../frames.ts";
import { Random } from "../random.ts";

const config = (resets: number) =>
  parseConfig(
    `
dispatcher: {mac: "${f.MAC.dispatcher}", addresses: [${f.IP.dispatcher}/24], rateLimits: {reset: ${resets}}}
clusters: [{name: web, addresses: [${f.IP.cluster}], backends: [{name: web1, address: ${f.IP.backend1}}]}]
`,
    "test",
    "test",
  );

/** A SYN-ACK of backend 1 to us that acknowledges this sequence number. */
function synAck(acknowledgment: number): Frame {
  const header = { src: f.IP.backend1, dst: f.IP.dispatcher };
  const segment = f.tcp({ ...header, srcPort: 80, port: 50_000, flags: 0x12, acknowledgment });
  return f.ethernet(f.ipv4(segment, { ...header, protocol: f.PROTOCOL.tcp }), { src: f.MAC.backend1 });
}

/** The resets that come of these frames, all at once, with so many resets a second. */
function resetsOf(frames: readonly Frame[], resets: number): number {
  const sent: Frame[] = [];
  const events = { send: (frame: Frame) => void sent.push(frame), catchUp: () => {} };
  const log = pino({ level: "silent" });
  const frameWriter = new LinkFrames(config(resets).dispatcher);
  const verifier = new Verifier(config(resets), frameWriter, events, new VirtualClock(), new Random(1), log);
  for (const frame of frames) verifier.heardPacket(frame);
  return sent.length;
}

test("a SYN-ACK that nobody asked for is reset within the rate limit, and one to a SYN of ours always", () => {
  const { dispatcher } = config(0);
  const mac = parseMac(f.MAC.backend1)!;
  const syn = new PacketFrames(dispatcher, new Random(1)).syn(
    f.IP.dispatcher,
    f.IP.backend1,
    mac,
    50_000,
    80,
  );
  const sequence = new DataView(syn.buffer).getUint32(14 + 20 + 4);
  const asked = synAck((sequence + 1) >>> 0);
  const stray = synAck((sequence + 2) >>> 0);
  const many = (frame: Frame) => new Array<Frame>(100).fill(frame);
  expect(resetsOf(many(stray), 0)).toBe(0);
  expect(resetsOf(many(stray), 10), "the burst").toBe(50);
  expect(resetsOf(many(asked), 0)).toBe(100);
});
