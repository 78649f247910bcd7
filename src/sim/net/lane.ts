/** One direction of a link: from a port to a port, as the room impairment decides. */

import { type Decision, NO_BIT, OVERFLOW, PASSED } from "../../impairment/decision.ts";
import { type Counts, Direction } from "../../impairment/direction.ts";
import type { Settings } from "../../impairment/settings.ts";
import type { Alarm, VirtualClock } from "../../system/virtual_clock.ts";
import { ofName } from "../../table/hash.ts";
import type { Octets, Port } from "./port.ts";

/** Told of each frame; see watcher.ts. */
export type Tell = (lane: Lane, number: number, octets: Octets, length: number) => void;

/** What the lanes of a network share. */
export interface Air {
  readonly time: VirtualClock;
  /** Where a frame stands while it is received. */
  readonly slot: Octets;
  sent: Tell | undefined;
  arrived: Tell | undefined;
}

export class Lane {
  readonly from: Port;
  readonly to: Port;
  readonly #air: Air;
  readonly #direction: Direction;
  readonly #alarm: Alarm;

  constructor(air: Air, from: Port, to: Port, settings: Settings) {
    this.from = from;
    this.to = to;
    this.#air = air;
    // The same decisions as a lab's link makes at the same seed.
    this.#direction = new Direction(ofName(`${from.node}:${from.name}`), settings, air.time.nowUs);
    this.#alarm = air.time.alarm(() => this.#arrive());
    from.carry = (octets, length) => this.#carry(octets, length);
  }

  get settings(): Settings {
    return this.#direction.settings;
  }

  get counts(): Readonly<Counts> {
    return this.#direction.counts;
  }

  /** Frames that are under way. */
  get held(): number {
    return this.#direction.held;
  }

  /** Of the frame that was sent last. */
  get decision(): Readonly<Decision> {
    return this.#direction.decision;
  }

  /** When the frame that was sent last arrives; Infinity when never, or when that depends on the one that overtakes it. */
  get arrivesUs(): number {
    const { fate, isReordered } = this.decision;
    return fate === PASSED && !isReordered ? Math.ceil(this.#direction.latestUs) : Infinity;
  }

  set(changes: Partial<Settings>): void {
    this.#direction.set(changes, this.#air.time.nowUs);
  }

  #carry(octets: Octets, length: number): void {
    const direction = this.#direction;
    direction.receive(octets, length, this.#air.time.nowUs, true);
    const { fate, corruptBit } = direction.decision;
    // The sender's octets stay as they are.
    if (corruptBit !== NO_BIT && (fate === PASSED || fate === OVERFLOW)) {
      octets[corruptBit >>> 3]! ^= 0x80 >>> (corruptBit & 7);
    }
    this.#wait();
    this.#air.sent?.(this, direction.frames - 1, octets, length);
  }

  #wait(): void {
    const { dueUs } = this.#direction;
    if (dueUs !== Infinity && !(this.#alarm.isSet && this.#alarm.dueUs <= dueUs)) this.#alarm.set(dueUs);
  }

  #arrive(): void {
    const { slot } = this.#air;
    const direction = this.#direction;
    const length = direction.take(slot, this.#air.time.nowUs);
    this.#wait();
    if (length === 0 || !this.to.isUp) return;
    this.#air.arrived?.(this, direction.taken, slot, length);
    this.to.receive(slot, length);
  }
}
