/** A verification where no dispatcher runs: over the configuration's TAP, which attracts no traffic meanwhile. */

import type { Device } from "../device/device.ts";
import { Poll } from "../device/poll.ts";
import { Tap } from "../device/tap.ts";
import { Dispatcher } from "../path/dispatcher.ts";
import { ownMemory } from "../path/transitions.ts";
import * as verdict from "../path/verdict.ts";
import { ForwardingTable } from "../table/forwarding_table.ts";
import type { Config } from "../config/config.ts";
import { slotSizeFor } from "../plane/data_plane.ts";
import type { Claim } from "../link/claim.ts";
import { LinkFrames } from "../link/link_frames.ts";
import type { Frame } from "../link/own_frames.ts";
import { REAL_CLOCK, turnOfTheLoop } from "../system/clock.ts";
import { MACHINE_RANDOM } from "../system/random.ts";
import { type Answer, PacketFrames } from "../link/packet_frames.ts";
import { planOf } from "../config/plan.ts";
import { requireFreeAddresses } from "./free_addresses.ts";
import { explainSilence } from "./silence.ts";
import { Verification } from "./verification.ts";
import type { VerificationReport } from "./report.ts";

/** The longest wait for a frame while a timer may be due. */
const WAIT_MS = 10;

/** Frames that are read before timers have their turn: what a TAP's queue holds. */
const MOST_AT_ONCE = 1000;

/**
 * Opens the TAP, verifies, and closes it. Throws TapError, also when a dispatcher has the TAP, and UsageError when this machine has an
 * address of the dispatcher.
 */
export async function verifyAlone(config: Config): Promise<VerificationReport> {
  requireFreeAddresses(config);
  const { interface: name, mtu, bridge } = config.dispatcher;
  const tap = new Tap({ name, mtu, ...(bridge === undefined ? {} : { bridge }) });
  try {
    return explainSilence(await verifyOver(tap, config), tap.name);
  } finally {
    tap.close();
  }
}

async function verifyOver(tap: Tap, config: Config): Promise<VerificationReport> {
  const poll = new Poll([tap.fd]);
  const host = new LoneHost(tap, config);
  const drain = () =>
    host.drain((heard) =>
      "token" in heard ? verification.heardAnswer(heard) : verification.heardClaim(heard)
    );
  const { frames, packets } = host;
  const verification = new Verification({
    config,
    clock: REAL_CLOCK,
    random: MACHINE_RANDOM,
    frames,
    packets,
    send: (frame) => host.send(frame),
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
    await turnOfTheLoop();
  }
  return await report;
}

/** A host on the link, which answers for the dispatcher's own addresses and hears what others say. */
class LoneHost {
  readonly frames: LinkFrames;
  readonly packets: PacketFrames;
  readonly #device: Device;
  readonly #slot: Uint8Array<ArrayBuffer>;
  /** The path of a dispatcher that has no cluster answers what a host must answer. */
  readonly #responder: Dispatcher;

  constructor(device: Device, config: Config) {
    const { dispatcher } = config;
    this.#device = device;
    this.frames = new LinkFrames(dispatcher);
    this.packets = new PacketFrames(dispatcher, MACHINE_RANDOM);
    this.#slot = new Uint8Array(slotSizeFor({ mtu: dispatcher.mtu, offloads: false }));
    const { plan } = planOf({
      clusters: [],
      fleet: undefined,
      dispatcher: { ...dispatcher, gateways: [], routes: [] },
    });
    const nobody = ForwardingTable.ofSize({ clusters: 0, buckets: 0, neighbors: 0 });
    const memory = ownMemory({ buckets: 0, connections: [] });
    const clock = () => REAL_CLOCK.now() | 0;
    this.#responder = new Dispatcher({ ...plan, offloads: false }, this.#slot, nobody, memory, clock);
  }

  send(frame: Frame): void {
    this.#device.write(frame, frame.length);
  }

  /** Reads the frames that wait, and answers them. `heard` is given each claim and each answer among them. */
  drain(heard: (message: Claim | Answer) => void): void {
    for (let count = 0; count < MOST_AT_ONCE; count++) {
      const length = this.#device.read(this.#slot);
      if (length === 0) return;
      const frame = this.#slot.slice(0, length);
      const message = this.frames.claim(frame) ?? this.packets.answer(frame);
      if (message !== undefined) heard(message);
      const became = this.#responder.receive(0, length);
      if (verdict.isSent(became)) this.#device.write(this.#slot, this.#responder.length);
      const reset = verdict.isHandedUp(became) ? this.packets.resetOf(frame) : undefined;
      if (reset !== undefined) this.send(reset);
    }
  }
}
