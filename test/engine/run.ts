/** A dispatcher in virtual time before simulated machines: what it publishes, and what it tells the log. */

import pino from "pino";
import { type Config, Engine } from "oneip";
import { recordIn, textOf } from "../../src/engine/record.ts";
import { shifted } from "../../src/system/clock.ts";
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
  /** Of the engine that was begun last. */
  attachment: ParallelAttachment;
  /** Of the link: what waits there is taken by whoever is not held. */
  readonly #attachments: ParallelAttachment[] = [];
  #lines: Line[] = [];
  readonly #config: Config;

  constructor(neighbors: readonly Neighbor[], config: Config) {
    this.link = new SimulatedLink(neighbors, this.clock, () => {
      for (const attachment of this.#attachments) attachment.work();
    });
    this.attachment = this.#attach();
    this.#config = config;
  }

  readonly #log = pino({ base: null }, {
    write: (line: string) => void this.#lines.push(JSON.parse(line) as Line),
  });

  start(): Promise<Engine> {
    return Engine.start(this.#config, this.#log, this);
  }

  /** An engine of another process, whose clock goes on from where ours is, stands ready on the same link. */
  ready(config = this.#config): Promise<Engine> {
    const other = shifted(this.clock, -1_000_000);
    const clock = shifted(other, this.clock.now() - other.now());
    this.attachment = this.#attach();
    return Engine.ready(config, this.#log, { clock, attachment: this.attachment });
  }

  /** An engine stands ready in place of one that has handed over to nobody. */
  resumed(): Promise<Engine> {
    return Engine.ready(this.#config, this.#log, this);
  }

  /** Such an engine takes over from one that is at work. */
  async takeOver(engine: Engine, config = this.#config): Promise<Engine> {
    const next = await this.ready(config);
    await next.prepare(recordIn(textOf(engine.rest())));
    await next.goOn(recordIn(textOf(await engine.stand())));
    await engine.leave();
    return next;
  }

  #attach(): ParallelAttachment {
    const attachment = new ParallelAttachment(this.link, this.clock);
    this.#attachments.push(attachment);
    return attachment;
  }

  /** Lines of the log since they were last taken. */
  lines(): Line[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}
