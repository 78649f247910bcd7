/** A dispatcher in virtual time before simulated machines: what it publishes, and what it tells the log. */

import pino from "pino";
import { type Config, Engine, parseConfig } from "oneip";
import { recordIn, textOf } from "../../src/system/record_text.ts";
import { shifted } from "../../src/system/clock.ts";
import * as f from "../frames.ts";
import type { Backend } from "../health/segment.ts";
import { MachineClock } from "../machine_clock.ts";
import { ParallelAttachment } from "./parallel_attachment.ts";
import { type Neighbor, SimulatedLink } from "./simulated_link.ts";

/** Machines `web1`, `web2`, ... that are alive; each has the cluster address and a server at its port 80. */
export function machines(count: number): (Neighbor & { readonly server: Backend })[] {
  return Array.from({ length: count }, (_, index) => {
    const mac = `02:00:00:01:${f.hex([index >> 8])}:${f.hex([index & 255])}`;
    return {
      name: `web${index + 1}`,
      address: `10.0.${1 + (index >> 8)}.${index & 255}`,
      mac,
      isAlive: true,
      server: { mac, addresses: [f.IP.cluster], open: [80] },
    };
  });
}

/** One cluster `web` of these machines. `cluster`: further keys of it; `own`: of some of its backends, by name. */
export function clusterOf(
  neighbors: readonly Neighbor[],
  cluster: object = {},
  own: Readonly<Record<string, object>> = {},
): Config {
  return parseConfig(
    JSON.stringify({
      dispatcher: { mac: f.MAC.dispatcher, addresses: [`${f.IP.dispatcher}/15`], verify: "off" },
      clusters: [{
        name: "web",
        addresses: [f.IP.cluster],
        backends: neighbors.map(({ name, address }) => ({ name, address, ...own[name] })),
        ...cluster,
      }],
    }),
    "test",
    "test",
  );
}

/** A record of the log, with its virtual time. */
export interface Line {
  readonly ms: number;
  readonly msg: string;
  readonly event?: string;
  readonly backend?: string;
  readonly moved?: number;
  readonly [key: string]: unknown;
}

const REQUESTS = Array.from({ length: 200 }, (_, client) => f.synToCluster(`198.51.100.${client + 1}`));

export class Run {
  readonly clock: MachineClock;
  readonly link: SimulatedLink;
  /** Of the engine that was begun last. */
  attachment: ParallelAttachment;
  /** Of the link: what waits there is taken by whoever is not held. */
  readonly #attachments: ParallelAttachment[] = [];
  readonly #neighbors: readonly Neighbor[];
  readonly #config: Config;
  #lines: Line[] = [];

  constructor(neighbors: readonly Neighbor[], config: Config, clock = new MachineClock()) {
    this.clock = clock;
    this.#log = pino({ base: null, timestamp: () => `,"ms":${clock.now()}` }, {
      write: (line: string) => void this.#lines.push(JSON.parse(line) as Line),
    });
    this.link = new SimulatedLink(neighbors, this.clock, () => {
      for (const attachment of this.#attachments) attachment.work();
    });
    this.attachment = this.#attach();
    this.#neighbors = neighbors;
    this.#config = config;
  }

  readonly #log: pino.Logger;

  start(): Promise<Engine> {
    return Engine.start(this.#config, this.#log, this);
  }

  /** It goes on by another configuration. */
  async reload(engine: Engine, config: Config): Promise<Engine> {
    const next = engine.reload(config);
    await this.clock.advance(0);
    return next;
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

  /** Octets of each request that `shares` brings. */
  readonly requestOctets = REQUESTS[0]!.length;

  /** How many of 200 clients each machine gets. */
  shares(): number[] {
    this.link.delivered.clear();
    for (const request of REQUESTS) this.link.bring(request);
    return this.#neighbors.map((neighbor) => this.link.delivered.get(neighbor) ?? 0);
  }
}
