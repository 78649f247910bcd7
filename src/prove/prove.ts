/** All clusters of a configuration, one after another, as far as there is time. */

import type { Clock } from "../system/clock.ts";
import { breathe } from "../system/in_steps.ts";
import type { ClusterConfig, Config } from "../config/config.ts";
import { ClientSample } from "./clients.ts";
import { Enumerations, type Row, type Step } from "./enumerations.ts";
import { KernelFilters } from "./kernel_filters.ts";
import { LiveSetChecks, sharesOf } from "./live_set_checks.ts";
import type { Down } from "./owners.ts";
import { boundsOf, ownersUnder } from "./promises.ts";
import type { ClusterReport, Proof, ShareReport } from "./report.ts";
import { type Claim, CLAIMS } from "./tally.ts";

export interface ProveOptions {
  /** As the commands of a counter-example name the configuration. */
  readonly file: string;
  /** Only the live set with these backends down, by name, and those beside it. */
  readonly down?: readonly string[] | undefined;
  readonly seed: number;
  /** Why the kernel is not asked; undefined: it is, if this machine lets us. */
  readonly withoutKernel: string | undefined;
  readonly clock: Clock;
  /** Stops it: the report is of what was done by then. */
  readonly signal: AbortSignal;
  /** Is told now and then how far it is. */
  readonly progress: (cluster: string, step: Step) => void;
}

/** Between two breaths, in which signals are heard. */
const BREATH_MS = 50;
/** Filters that are asked about clients, of all clusters together. */
const MOST_FILTERS = 48;

/** Throws nothing but what a mistake here would: what is wrong with the configuration is in the report. */
export async function prove(config: Config, options: ProveOptions): Promise<Proof> {
  const { clock, signal, seed, withoutKernel } = options;
  const startMs = clock.now();
  const kernel = withoutKernel ?? await KernelFilters.open().catch((error: Error) => error.message);
  const clusters: ClusterReport[] = [];
  try {
    for (const cluster of config.clusters) {
      if (signal.aborted) break;
      const proof = new ClusterProof(config, cluster, options);
      clusters.push(await proof.run(kernel instanceof KernelFilters ? kernel : undefined));
    }
  } finally {
    if (kernel instanceof KernelFilters) await kernel.close();
  }
  const isRight = clusters.every(({ claims }) => claims.every(({ wrong }) => wrong === 0));
  return {
    ok: isRight && !signal.aborted,
    finished: !signal.aborted,
    seed,
    seconds: (clock.now() - startMs) / 1000,
    withoutKernel: kernel instanceof KernelFilters ? null : kernel,
    clusters,
  };
}

class ClusterProof {
  readonly #config: Config;
  readonly #cluster: ClusterConfig;
  readonly #options: ProveOptions;
  readonly #checks: LiveSetChecks;
  readonly #rows: Row[] = [];
  #sinceMs: number;
  #breathMs: number;

  constructor(config: Config, cluster: ClusterConfig, options: ProveOptions) {
    this.#config = config;
    this.#cluster = cluster;
    this.#options = options;
    this.#checks = new LiveSetChecks(config, cluster, options.file);
    this.#sinceMs = this.#breathMs = options.clock.now();
  }

  async run(kernel: KernelFilters | undefined): Promise<ClusterReport> {
    const { seed, down, signal } = this.#options;
    const enumerations = new Enumerations(this.#checks, seed);
    const one = down === undefined ? undefined : this.#downOf(down);
    for (const step of one === undefined ? enumerations.all() : enumerations.around(one)) {
      await this.#tell(step);
      if (signal.aborted) break;
    }
    this.#count();
    const sample = signal.aborted || one !== undefined ? null : await this.#askOfClients(kernel);
    return {
      ...this.#report(),
      filters: enumerations.filters,
      sample,
      shares: one === undefined ? [] : this.#sharesUnder(one),
    };
  }

  async #askOfClients(kernel: KernelFilters | undefined): Promise<NonNullable<ClusterReport["sample"]>> {
    const { seed, signal } = this.#options;
    const most = Math.max(1, Math.floor(MOST_FILTERS / this.#config.clusters.length));
    const sample = new ClientSample(this.#config, this.#checks, seed, most);
    const { row, filters, clients, ofFilters } = sample;
    let asked = 0;
    try {
      for await (const done of sample.ask(kernel)) {
        asked = done;
        await this.#tell({ row, done, all: filters.length });
        if (signal.aborted) break;
      }
    } catch (error) {
      // Ctrl-C ends nft, too, which may be heard first.
      await breathe(this.#options.clock);
      if (!signal.aborted) throw error;
    }
    this.#count();
    return { clients: clients.length, filters: asked, of: ofFilters };
  }

  /** What has passed is the time of the row that was under way. */
  async #tell(step: Step): Promise<void> {
    if (this.#rows.at(-1) !== step.row) {
      this.#count();
      this.#rows.push(step.row);
    }
    const { clock, progress } = this.#options;
    if (clock.now() < this.#breathMs + BREATH_MS) return;
    progress(this.#cluster.name, step);
    await breathe(clock);
    this.#breathMs = clock.now();
  }

  #count(): void {
    const nowMs = this.#options.clock.now();
    const row = this.#rows.at(-1);
    if (row !== undefined) row.seconds += (nowMs - this.#sinceMs) / 1000;
    this.#sinceMs = nowMs;
  }

  #downOf(names: readonly string[]): Down {
    const { backends } = this.#cluster;
    return new Set([...backends.keys()].filter((index) => names.includes(backends[index]!.name)));
  }

  #sharesUnder(down: Down): ShareReport[] {
    const owners = ownersUnder(this.#cluster, down);
    const bounds = new Map(boundsOf(this.#cluster, owners).map((bound, place) => [owners[place]!, bound]));
    const shares = sharesOf(this.#checks.go(down), this.#cluster);
    return this.#cluster.backends.map(({ name }, index) => ({
      backend: name,
      buckets: shares[index]!,
      ...(bounds.get(index) ?? { exact: 0, most: 0 }),
    }));
  }

  #report(): Omit<ClusterReport, "filters" | "sample" | "shares"> {
    const { name, backends, buckets, algorithm } = this.#cluster;
    const { tallies, nearest, mostMoved } = this.#checks;
    return {
      cluster: name,
      backends: backends.length,
      buckets,
      algorithm,
      rows: this.#rows,
      claims: (Object.keys(CLAIMS) as Claim[]).map((id) => {
        const { asked, wrong, first } = tallies[id];
        return { id, ...CLAIMS[id], asked, wrong, example: first ?? null };
      }),
      nearest: nearest ?? null,
      mostMoved: mostMoved ?? null,
    };
  }
}
