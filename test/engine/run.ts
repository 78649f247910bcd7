/** A dispatcher in virtual time before simulated machines: what it publishes, and what it tells the log. */

import pino from "pino";
import { type Config, Engine, parseConfig } from "oneip";
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
  readonly clock = new MachineClock();
  readonly link: SimulatedLink;
  readonly attachment: ParallelAttachment;
  readonly #neighbors: readonly Neighbor[];
  readonly #config: Config;
  #lines: Line[] = [];

  constructor(neighbors: readonly Neighbor[], config: Config) {
    this.link = new SimulatedLink(neighbors, this.clock, () => this.attachment.work());
    this.attachment = new ParallelAttachment(this.link, this.clock);
    this.#neighbors = neighbors;
    this.#config = config;
  }

  start(): Promise<Engine> {
    const log = pino({ base: null, timestamp: () => `,"ms":${this.clock.now()}` }, {
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

  /** How many of 200 clients each machine gets. */
  shares(): number[] {
    this.link.delivered.clear();
    for (const request of REQUESTS) this.link.bring(request);
    return this.#neighbors.map((neighbor) => this.link.delivered.get(neighbor) ?? 0);
  }
}
