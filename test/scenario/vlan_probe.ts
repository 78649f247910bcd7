/**
 * Run on the bridge node: a machine on VLAN 10 that is client and backend in one. It answers the dispatcher's questions, sends
 * packets to the cluster with its tag, with another and with none, and prints, as JSON, what came back for each.
 */

import { setTimeout as delay } from "node:timers/promises";
import { Tap } from "oneip";
import * as f from "../frames.ts";

const PROBE = "02:00:00:00:00:77";
/** The client's frames have a MAC of their own: what comes from a backend is never dispatched to it. */
const CLIENT = "02:00:00:00:00:78";
const BACKEND = "10.0.0.11";
const PATIENCE_MS = 60_000;
const AGAIN_MS = 200;
/** ICMP's type, which no port of ours begins with. */
const UNREACHABLE = 3;

const tap = new Tap({ name: "probe", bridge: "br0" });
const slot = new Uint8Array(2048);

function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  return Uint8Array.from([...frame.slice(0, 12), 0x81, 0, vlan >>> 8, vlan & 255, ...frame.slice(12)]);
}

function send(frame: Uint8Array): void {
  tap.write(frame, frame.length);
}

/** Sends until the dispatcher sends us a packet of this protocol; meanwhile its questions for the backend's MAC are answered. */
async function exchange(protocol: number, frames: readonly Uint8Array[]): Promise<string> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let againMs = 0; performance.now() < deadline;) {
    // The dispatcher may not know us yet, or may have given us up before we were there.
    if (performance.now() >= againMs) {
      for (const frame of frames) send(frame);
      againMs = performance.now() + AGAIN_MS;
    }
    const length = tap.read(slot);
    if (length === 0) {
      await delay(1);
      continue;
    }
    const hex = f.hex(slot.slice(0, length));
    const isFromDispatcher = hex.slice(18, 35) === f.hex(f.mac(f.MAC.dispatcher));
    if (!isFromDispatcher) continue;
    const isQuestion = hex.slice(36, 53) === "81 00 00 0a 08 06" &&
      [...slot.slice(42, 46)].join(".") === BACKEND;
    if (isQuestion) {
      const reply = f.arp({
        operation: 2,
        senderMac: PROBE,
        senderIp: BACKEND,
        targetMac: f.MAC.dispatcher,
        targetIp: f.IP.dispatcher,
      });
      send(tagged(f.ethernet(reply, { src: PROBE, type: f.ETHERTYPE.arp }), 10));
    } else if (
      hex.startsWith(f.hex(f.mac(PROBE))) && slot[18 + 9] === protocol && slot[18 + 20] !== UNREACHABLE
    ) {
      return hex;
    }
  }
  throw new Error("nothing came back");
}

const packet = (id: number) => f.ethernet(f.ipv4(f.udp([1, 2, 3]), { id }), { src: CLIENT });
// What must come back stands behind what must not, so that silence needs no waiting.
const dispatched = await exchange(f.PROTOCOL.udp, [packet(1), tagged(packet(2), 11), tagged(packet(3), 10)]);
const echo = f.ipv4(f.icmp(8, 0, [1]), { src: "10.0.0.77", dst: f.IP.dispatcher, protocol: f.PROTOCOL.icmp });
const echoed = await exchange(f.PROTOCOL.icmp, [tagged(f.ethernet(echo, { src: PROBE }), 10)]);
tap.close();
console.log(JSON.stringify({ dispatched, echoed }));
