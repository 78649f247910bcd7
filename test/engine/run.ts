/** A dispatcher in virtual time before simulated machines: what it publishes, and what it tells the log. */

import pino from "pino";
import { type Config, Engine } from "oneip";
import * as f from "../frames.ts";
import { BusyClock } from "./busy_clock.ts";
import { ParallelAttachment } from "./parallel_attachment.ts";
import { type Neighbor, SimulatedLink } from "./simulated_link.ts";

/** Machines `web1`, `web2`, ... that are alive. */
export function machines(count: number): Neighbor[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `web${index + 1}`,
    address: `10.0.${1 + (index >> 8)}.${index & 255}`,
    mac: `02:00:00:01:${f.hex([index >> 8])}:${f.hex([index & 255])}`,
    isAlive: true,
  }));
}

/** A record of the log. */
export interface Line {
  readonly msg: string;
  readonly event?: string;
  readonly backend?: string;
  readonly moved?: number;
  readonly [key: string]: unknown;
}

export class Run {
  readonly clock = new BusyClock();
  readonly link: SimulatedLink;
  readonly attachment: ParallelAttachment;
  #lines: Line[] = [];
  readonly #config: Config;

  constructor(neighbors: readonly Neighbor[], config: Config) {
    this.link = new SimulatedLink(neighbors, this.clock, () => this.attachment.work());
    this.attachment = new ParallelAttachment(this.link, this.clock);
    this.#config = config;
  }

  start(): Promise<Engine> {
    const log = pino({ base: null }, {
      write: (line: string) => void this.#lines.push(JSON.parse(line) as Line),
    });
    return Engine.start(this.#config, log, this);
  }

  /** Lines of the log since they were last taken. */
  lines(): Line[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}
