/** A cable between two ports, which can be bad in each direction. */

import { HARMLESS, type Settings } from "../../impairment/settings.ts";
import { type Air, Lane } from "./lane.ts";
import type { Port } from "./port.ts";

/** What a frame takes to the other end of a link that nothing else is said of. */
const DELAY_US = 50;

export class Link {
  readonly ends: readonly [Port, Port];
  /** From the first end to the second, and back. */
  readonly lanes: readonly [Lane, Lane];

  constructor(air: Air, [a, b]: readonly [Port, Port], settings: Partial<Settings> = {}) {
    this.ends = [a, b];
    const all = { ...HARMLESS, delayUs: DELAY_US, ...settings };
    this.lanes = [new Lane(air, a, b, all), new Lane(air, b, a, all)];
  }

  /** Such as `r1:eth0 - sw:p1`. */
  get name(): string {
    return this.ends.map(({ node, name }) => `${node}:${name}`).join(" - ");
  }

  /** Changes what becomes of the frames that this end sends, or that both send. */
  set(from: Port | undefined, changes: Partial<Settings>): void {
    for (const lane of this.lanes) if (from === undefined || lane.from === from) lane.set(changes);
  }

  /** Nothing that this end sends arrives any more, or that either sends. What is under way arrives. */
  cut(from?: Port): void {
    this.set(from, { down: true });
  }

  heal(from?: Port): void {
    this.set(from, { down: false });
  }

  /** The cable is pulled out: the ports are free. */
  remove(): void {
    for (const { from } of this.lanes) from.carry = undefined;
  }
}
