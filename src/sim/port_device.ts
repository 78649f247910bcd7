/**
 * A port as a device, and what joins an engine to it. As behind a TAP, frames wait in a queue while nobody reads them: the process stands
 * still, or lets them wait until another one has taken over.
 */

import type { Device } from "../device/device.ts";
import type { Plan } from "../path/plan.ts";
import { NAMES } from "../path/verdict.ts";
import { InlineAttachment } from "../plane/inline_attachment.ts";
import type { SharedState } from "../plane/shared_state.ts";
import type { Clock } from "../system/clock.ts";
import type { VirtualClock } from "../system/virtual_clock.ts";
import type { Counters } from "../table/counters.ts";
import type { Octets, Port } from "./net/port.ts";

/** The queue of a TAP: its txqueuelen. */
const MOST_WAITING = 1000;

/** What became of a frame that the path has read. `sent`: the frame that left by it, if one did. The octets hold during the call only. */
export type Judged = (octets: Uint8Array, verdict: number, sent: Uint8Array | undefined) => void;

export class PortDevice implements Device {
  /** Frames that found no room. */
  lost = 0;
  /** Nobody reads. */
  isAsleep = false;
  readonly #port: Port;
  /** Those of all processes that have the device. */
  readonly #attachments = new Set<PortAttachment>();
  readonly #waiting: Octets[] = [];
  /** The frame that arrives just now. */
  #octets: Octets | undefined;
  #length = 0;
  readonly #look: Look;

  /** `judged`: whom to tell, if anybody wants to know. */
  constructor(port: Port, judged: () => Judged | undefined) {
    this.#port = port;
    this.#look = new Look(judged);
    port.receive = (octets, length) => this.#arrive(octets, length);
  }

  read(slot: Uint8Array): number {
    this.#look.end();
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return this.#give(slot, waiting, waiting.length);
    const octets = this.#octets;
    if (octets === undefined) return 0;
    this.#octets = undefined;
    return this.#give(slot, octets, this.#length);
  }

  write(slot: Uint8Array, length: number): boolean {
    this.#look.sent(slot, length);
    return this.#port.send(slot as Octets, length);
  }

  join(attachment: PortAttachment): void {
    this.#attachments.add(attachment);
  }

  leave(attachment: PortAttachment): void {
    this.#attachments.delete(attachment);
  }

  /** A worker of this state reads from now on. */
  readBy(verdicts: Counters): void {
    this.#look.verdicts = verdicts;
  }

  /** Somebody reads again. */
  wake(): void {
    this.isAsleep = false;
    this.#work();
  }

  /** What waits is gone, and so is whoever would read it. */
  reset(): void {
    this.isAsleep = false;
    this.#waiting.length = 0;
    this.#attachments.clear();
  }

  #give(slot: Uint8Array, octets: Octets, length: number): number {
    const most = Math.min(length, slot.length);
    slot.set(most === octets.length ? octets : octets.subarray(0, most));
    this.#look.begin(slot, most);
    return most;
  }

  #arrive(octets: Octets, length: number): void {
    // A frame that comes while another one is worked off stands behind those that wait.
    if (this.#octets !== undefined || this.isAsleep) return this.#keep(octets, length);
    this.#octets = octets;
    this.#length = length;
    this.#work();
    if (this.#octets === undefined) return;
    this.#octets = undefined;
    this.#keep(octets, length);
  }

  #keep(octets: Octets, length: number): void {
    if (this.#attachments.size === 0) return;
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(octets.slice(0, length));
    else this.lost++;
  }

  #work(): void {
    if (this.isAsleep) return;
    for (const attachment of this.#attachments) attachment.work();
  }
}

export class PortAttachment extends InlineAttachment {
  readonly #device: PortDevice;
  readonly #time: VirtualClock;

  /** `clock`: of the machine. `time`: of the world, which lets promises go on when the control plane may have something new. */
  constructor(device: PortDevice, clock: Clock, time: VirtualClock) {
    super(device, clock);
    this.#device = device;
    this.#time = time;
    device.join(this);
  }

  override lost(): number {
    return this.#device.lost;
  }

  override start(plan: Plan, shared: SharedState, handedUp: (worker: number) => void): void {
    const isNew = (worker: number) => {
      this.#time.pause();
      handedUp(worker);
    };
    super.start(plan, shared, isNew);
    this.#device.readBy(shared.workers[0]!.verdicts);
  }

  override async stop(): Promise<void> {
    this.#device.leave(this);
    await super.stop();
  }
}

/** Finds out what became of each frame by the counter that has gone up, while somebody wants to know. */
class Look {
  verdicts: Counters | undefined;
  readonly #judged: () => Judged | undefined;
  readonly #before = new Float64Array(NAMES.length);
  #frame: Uint8Array | undefined;
  #sent: Uint8Array | undefined;

  constructor(judged: () => Judged | undefined) {
    this.#judged = judged;
  }

  begin(slot: Uint8Array, length: number): void {
    if (this.#judged() === undefined || this.verdicts === undefined) return;
    this.#frame = slot.slice(0, length);
    this.#sent = undefined;
    for (let index = 0; index < NAMES.length; index++) this.#before[index] = this.verdicts.get(index);
  }

  sent(slot: Uint8Array, length: number): void {
    if (this.#frame !== undefined) this.#sent = slot.slice(0, length);
  }

  end(): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    this.#frame = undefined;
    const verdict = NAMES.findIndex((_, index) => this.verdicts!.get(index) > this.#before[index]!);
    if (verdict >= 0) this.#judged()?.(frame, verdict, this.#sent);
  }
}
