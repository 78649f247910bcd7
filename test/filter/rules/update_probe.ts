/**
 * Run on a bridge node: joins the bridge with a TAP and sends frames for the cluster to all, each with another client and
 * identification, until standard input ends. Prints how many.
 */

import { setTimeout as delay } from "node:timers/promises";
import { Tap } from "oneip";
import * as f from "../../frames.ts";

/** Clients, one frame each; then they come again with the next identification. */
const CLIENTS = 1000;
/** Frames between two breaths: the backends must be able to take them all. */
const BREATH = 32;
const IDENTIFICATION = 18;
const CHECKSUM = 24;

const frames = Array.from({ length: CLIENTS }, (_, index) => {
  const packet = f.ipv4(f.udp([1]), {
    src: `198.${18 + (index >>> 8)}.${index & 255}.1`,
    dst: f.IP.cluster,
    protocol: f.PROTOCOL.udp,
    id: 0,
  });
  return f.ethernet(packet, { dst: f.MAC.broadcast });
});

let isOver = false;
process.stdin.on("end", () => isOver = true).resume();

const tap = new Tap({ name: "load0", bridge: "br0" });
let sent = 0;
while (!isOver) {
  const frame = frames[sent % CLIENTS]!;
  const view = new DataView(frame.buffer);
  const sum = view.getUint16(CHECKSUM) + view.getUint16(IDENTIFICATION);
  const id = Math.floor(sent / CLIENTS);
  // RFC 1624: what the identification gains the checksum loses.
  const left = (sum > 0xffff ? sum - 0xffff : sum) - id;
  view.setUint16(IDENTIFICATION, id);
  view.setUint16(CHECKSUM, left < 0 ? left + 0xffff : left);
  while (!tap.write(frame, frame.length));
  if (sent === CLIENTS) process.stdout.write("on the way\n");
  if (++sent % BREATH === 0) await delay(1);
}
tap.close();
process.stdout.write(`${sent}\n`);
