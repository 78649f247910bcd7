/** A verification where no dispatcher runs: over the configuration's TAP, which attracts no traffic meanwhile. */

import { setImmediate as breathe } from "node:timers/promises";
import { Poll } from "../device/poll.ts";
import { Tap } from "../device/tap.ts";
import { Dispatcher } from "../path/dispatcher.ts";
import * as verdict from "../path/verdict.ts";
import { ForwardingTable } from "../table/forwarding_table.ts";
import type { Config } from "./config.ts";
import { slotSizeFor } from "./data_plane.ts";
import { LinkFrames } from "./link_frames.ts";
import type { Frame } from "./own_frames.ts";
import { PacketFrames } from "./packet_frames.ts";
import { planOf } from "./plan_of.ts";
import { Verification } from "./verification.ts";
import type { VerificationReport } from "./verification_report.ts";

/** The longest wait for a frame while a timer may be due. */
const WAIT_MS = 10;

/** Frames that are read before timers have their turn: what a TAP's queue holds. */
const MOST_AT_ONCE = 1000;

/** Opens the TAP, verifies, and closes it. Throws TapError, also when a dispatcher has the TAP. */
export async function verifyAlone(config: Config): Promise<VerificationReport> {
  const { interface: name, mtu, bridge } = config.dispatcher;
  const tap = new Tap({ name, mtu, ...(bridge === undefined ? {} : { bridge }) });
  try {
    return await verifyOver(tap, config);
  } finally {
    tap.close();
  }
}

async function verifyOver(tap: Tap, config: Config): Promise<VerificationReport> {
  const poll = new Poll([tap.fd]);
  const { mtu } = config.dispatcher;
  const slot = new Uint8Array(slotSizeFor({ mtu, offloads: false }));
  const responder = responderOf(config, slot);
  const { plan } = planOf(config);
  const [frames, packets] = [new LinkFrames(plan), new PacketFrames(plan)];
  const send = (frame: Frame) => void tap.write(frame, frame.length);
  const drain = () => {
    for (let count = 0; count < MOST_AT_ONCE; count++) {
      const length = tap.read(slot);
      if (length === 0) return;
      const frame = slot.slice(0, length);
      verification.heard(frame);
      const became = responder.receive(0, length);
      if (verdict.isSent(became)) tap.write(slot, responder.length);
      const reset = verdict.isHandedUp(became) ? packets.resetOf(frame) : undefined;
      if (reset !== undefined) send(reset);
    }
  };
  const verification = new Verification({
    config,
    frames,
    packets,
    send,
    catchUp: drain,
    // From nobody, so that a backend has to ask for our MAC, and shows in whose name it asks.
    question: (address) => frames.probe(address),
  });
  let isOver = false;
  const report = verification.run().finally(() => isOver = true);
  while (!isOver) {
    poll.wait(WAIT_MS);
    if (poll.isBroken(0)) {
      verification.stop();
      throw new Error(`Interface "${tap.name}" is gone: somebody deleted it`);
    }
    drain();
    await breathe();
  }
  return await report;
}

/** Answers what a host must answer for its own addresses: the path of a dispatcher that has no cluster. */
function responderOf(config: Config, slot: Uint8Array<ArrayBuffer>): Dispatcher {
  const { plan } = planOf({
    ...config,
    clusters: [],
    dispatcher: { ...config.dispatcher, gateways: [], routes: [] },
  });
  const nobody = new ForwardingTable(new ArrayBuffer(ForwardingTable.byteLength(0, 0)), 0, 0, 0);
  return new Dispatcher({ ...plan, offloads: false }, slot, nobody, () => performance.now() | 0);
}
