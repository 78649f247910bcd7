/**
 * A sample of clients, whose frames are asked about under some live sets: of the dispatcher's path, of `explain`, of the filters as they
 * are computed here, and of the kernel.
 */

import { isIpv6 } from "../wire/address.ts";
import type { ClusterConfig, Config } from "../config/config.ts";
import { planOf } from "../config/plan.ts";
import { accepts, BackendFilter } from "../filter/rules/accepts.ts";
import { ownedBuckets } from "../filter/rules/ownership.ts";
import { filterTable } from "../filter/rules/rules.ts";
import { IpFrames } from "../link/ip_frames.ts";
import type { Frame } from "../link/own_frames.ts";
import { ClientLookup } from "../path/client_lookup.ts";
import { drawClient } from "./counter_example.ts";
import { Draws } from "./draws.ts";
import { newRow, type Row } from "./enumerations.ts";
import type { KernelFilters } from "./kernel_filters.ts";
import type { LiveSetChecks } from "./live_set_checks.ts";
import { alone, DispatcherOwners, type Down, liveness } from "./owners.ts";

/** Clients of each of the cluster's families. */
const CLIENTS = 500;

interface Client {
  readonly address: string;
  readonly frame: Frame;
}

/** A backend's filter under a live set. */
interface Filter {
  readonly down: Down;
  readonly backend: number;
}

export class ClientSample {
  readonly row: Row;
  readonly clients: readonly Client[];
  readonly filters: readonly Filter[];
  /** Filters of all live backends under the live sets. */
  readonly ofFilters: number;
  readonly #config: Config;
  readonly #checks: LiveSetChecks;
  readonly #lookup: ClientLookup;
  readonly #slot: Uint8Array<ArrayBuffer>;

  /** `mostFilters`: those that are asked, evenly of all. */
  constructor(config: Config, checks: LiveSetChecks, seed: number, mostFilters: number) {
    const { cluster } = checks;
    const draws = new Draws(seed + 2);
    const downs = drawDowns(cluster, draws);
    const all = downs.flatMap((down) =>
      [...cluster.backends.keys()].filter((backend) => !down.has(backend)).map((backend) => ({
        down,
        backend,
      }))
    );
    const count = Math.min(all.length, mostFilters);
    this.#config = alone(config, { ...cluster, technique: "broadcast" });
    this.#checks = checks;
    this.row = newRow("clients", null);
    this.ofFilters = all.length;
    this.filters = Array.from({ length: count }, (_, place) => all[Math.floor(place * all.length / count)]!);
    this.clients = drawClients(config, cluster, draws);
    this.#slot = new Uint8Array(Math.max(...this.clients.map(({ frame }) => frame.length)));
    this.#lookup = new ClientLookup(planOf(this.#config).plan, this.#slot);
  }

  /** Filter by filter: how many are done. Without a kernel the others are asked. */
  async *ask(kernel: KernelFilters | undefined): AsyncGenerator<number> {
    const { cluster } = this.#checks;
    const ofDispatcher = new DispatcherOwners(this.#config, cluster);
    let asked: Down | undefined;
    let owners: number[] = [];
    for (const [number, { down, backend }] of this.filters.entries()) {
      if (down !== asked) {
        this.row.liveSets++;
        owners = this.#ownersBy(ofDispatcher, down);
      }
      asked = down;
      this.#askFilter({ down, backend }, owners);
      if (kernel !== undefined) await this.#askKernel(kernel, { down, backend }, owners);
      yield number + 1;
    }
  }

  /** Of each client, by its frame: the path's bucket in the path's table. It must be what `explain` says. */
  #ownersBy(dispatcher: DispatcherOwners, down: Down): number[] {
    const { cluster, tallies } = this.#checks;
    dispatcher.under(down);
    return this.clients.map(({ address, frame }) => {
      this.#slot.set(frame);
      const isFound = this.#lookup.look(0, frame.length);
      const owner = isFound ? dispatcher.ownerOf(this.#lookup.bucket) : -1;
      const { bucket, backend } = dispatcher.map.place(address);
      tallies.clients.ask(1);
      if (!isFound || bucket !== this.#lookup.bucket || backend !== cluster.backends[owner]) {
        this.#fail("clients", down, address, bucket, [], () => "the path has another owner than explain");
      }
      return owner;
    });
  }

  #askFilter({ down, backend }: Filter, owners: readonly number[]): void {
    const { cluster, tallies } = this.#checks;
    const live = cluster.backends.map(({ name }) => name).filter(liveness(cluster, down));
    const filter = new BackendFilter(this.#config, cluster.backends[backend]!.name, live);
    this.#compare("clients", { down, backend }, owners, ({ frame }) => accepts(frame, filter));
    tallies.clients.ask(this.clients.length);
  }

  async #askKernel(
    kernel: KernelFilters,
    { down, backend }: Filter,
    owners: readonly number[],
  ): Promise<void> {
    const { cluster, tallies } = this.#checks;
    const { name } = cluster.backends[backend]!;
    const rules = filterTable(cluster, name, ownedBuckets(cluster, name, liveness(cluster, down)));
    const taken = await kernel.ask(rules, this.clients.map(({ frame }) => frame));
    this.#compare("kernel", { down, backend }, owners, ({ address }) => taken.has(address));
    tallies.kernel.ask(this.clients.length);
  }

  #compare(
    claim: "clients" | "kernel",
    { down, backend }: Filter,
    owners: readonly number[],
    isTaken: (client: Client) => boolean,
  ): void {
    const { name } = this.#checks.cluster.backends[backend]!;
    for (const [number, client] of this.clients.entries()) {
      const taken = isTaken(client);
      if (taken === (owners[number] === backend)) continue;
      const who = claim === "kernel" ? "the kernel with the filter" : "the filter";
      const does = taken ? "takes" : "does not take";
      this.#fail(claim, down, client.address, undefined, [backend], () => `${who} of ${name} ${does} it`);
    }
  }

  #fail(
    claim: "clients" | "kernel",
    down: Down,
    client: string,
    bucket: number | undefined,
    filters: readonly number[],
    found: () => string,
  ): void {
    const { cluster, tallies } = this.#checks;
    tallies[claim].fail(() => {
      const own = bucket ?? new DispatcherOwners(this.#config, cluster).map.place(client).bucket;
      return this.#checks.example(down, own, `client ${client}, ${found()}`, filters, [], client);
    });
  }
}

/** All live, one down, and half of them: each once. */
function drawDowns({ backends }: ClusterConfig, draws: Draws): Down[] {
  const counts = new Set([0, Math.min(1, backends.length - 1), Math.floor(backends.length / 2)]);
  return [...counts].map((count) => new Set(draws.some(count, backends.length)));
}

function drawClients(config: Config, cluster: ClusterConfig, draws: Draws): Client[] {
  const { mac, addresses } = config.dispatcher;
  const frames = new IpFrames({ mac, vlan: undefined, addresses });
  return [false, true].flatMap((isV6) => {
    const own = cluster.addresses.filter((address) => isIpv6(address) === isV6);
    const drawn = new Set<string>();
    while (own.length > 0 && drawn.size < CLIENTS) drawn.add(drawClient(draws, isV6));
    return [...drawn].map((address, number) => {
      const way = { from: address, to: own[number % own.length]!, mac: cluster.group };
      return { address, frame: frames.datagram(way, 4000 + number, 9, new Uint8Array()) };
    });
  });
}
