/** The lab of the broadcast technique, and what its agents say. */

import { expect } from "vitest";
import { type Lab, type LabNode, request, until, watchFrom } from "oneip";
import {
  clients,
  clients6,
  CLUSTER,
  CLUSTER6,
  download,
  expected,
  labWith,
  sha256OfBytes,
  TEN_MB,
} from "./labs.ts";

export const NAMES = ["web1", "web2", "web3", "web4"];

export class BroadcastLab {
  readonly lab: Lab;

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  /**
   * Up, and every agent has its base share. Its leases last 5 s, so that agents renew them in time on a busy machine too: none is to
   * lose its clients but those that a test makes lose them.
   */
  static async up(purpose: string, change = (config: string) => config): Promise<BroadcastLab> {
    const patient = (config: string) =>
      change(config).replace("keyFile: broadcast.key", "keyFile: broadcast.key, interval: 2s");
    const self = new BroadcastLab(await labWith(purpose, patient, "broadcast"));
    for (const name of NAMES) await self.says(name, { msg: "buckets", buckets: 1024 });
    return self;
  }

  /** The lines of an agent's log. */
  log(name: string): Record<string, unknown>[] {
    const lines = this.lab.node(name).program!.log.split("\n").slice(0, -1);
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  }

  /** How many lines each agent has said so far. */
  lines(): ReadonlyMap<string, number> {
    return new Map(NAMES.map((name) => [name, this.log(name).length]));
  }

  /** Waits for a line of an agent's log that has these values, from the line `from` on; the number of the next line. */
  async says(name: string, values: Record<string, unknown>, from = 0): Promise<number> {
    return await until(`${name} says ${JSON.stringify(values)}`, () => {
      const index = this.log(name).findIndex((line, number) =>
        number >= from &&
        Object.entries(values).every(([key, value]) => JSON.stringify(line[key]) === JSON.stringify(value))
      );
      return index >= 0 && index + 1;
    });
  }

  /** The others have taken what was this backend's. */
  async replaced(gone: string, from: ReadonlyMap<string, number>): Promise<void> {
    const others = NAMES.filter((name) => name !== gone);
    for (const name of others) {
      const next = await this.says(name, { msg: "live set", live: others }, from.get(name));
      await this.says(name, { msg: "buckets", waitsFor: [] }, next);
    }
  }

  /** Who answers each client now. */
  async owners(
    addresses: readonly string[] = clients(20),
    url = `http://${CLUSTER}/`,
  ): Promise<Record<string, string | undefined>> {
    const answers = await request(this.lab.node("client1"), addresses, url);
    return Object.fromEntries(answers.map(({ client, backend }) => [client, backend]));
  }
}

/** The MAC of all machines on the link. */
export const ALL = "ff:ff:ff:ff:ff:ff";

/** The MACs to which the router sends what is for the cluster, or for other addresses. */
export async function entries(
  router: LabNode,
  addresses: readonly string[] = [CLUSTER, CLUSTER6],
): Promise<(string | undefined)[]> {
  const printed = JSON.parse(await router.exec("ip", "-j", "neigh", "show", "dev", "eth2")) as {
    dst: string;
    lladdr?: string;
  }[];
  return addresses.map((address) => printed.find(({ dst }) => dst === address)?.lladdr);
}

/** What the cluster comes to while the technique changes: eight downloads, and requests all the while. */
export async function survives(cluster: BroadcastLab, change: () => Promise<void>): Promise<void> {
  const addresses = clients(40);
  const client1 = cluster.lab.node("client1");
  const watched = await watchFrom(client1, `${CLUSTER}:80`, { from: addresses.slice(8), intervalMs: 25 });
  // So slow that they last over the change, and are over soon after.
  const slow = ["--limit-rate", "4M"];
  const downloads = addresses.slice(0, 8).map((client) => download(client1, client, ...slow));
  await change();
  const sum = await sha256OfBytes(TEN_MB);
  expect(await Promise.all(downloads)).toEqual(new Array(8).fill(sum));
  const seen = await watched.stop();
  expect(seen).toMatchObject({ failed: 0, unsent: 0 });
  expect(seen.clients.filter(({ moves }) => moves > 0)).toEqual([]);
  // A slow machine does not come to ask for all of them.
  expect(seen.clients).not.toEqual([]);
  expect(Object.fromEntries(seen.clients.map(({ client, backend }) => [client, backend])))
    .toEqual(expected(seen.clients.flatMap(({ client }) => client ?? [])));
  await serves(cluster);
}

/** Forty clients of each family are answered by whom the bucket map says. */
export async function serves(cluster: BroadcastLab, down: readonly string[] = []): Promise<void> {
  const [addresses, addresses6] = [clients(40), clients6(40)];
  const both = {
    ...await cluster.owners(addresses),
    ...await cluster.owners(addresses6, `http://[${CLUSTER6}]/`),
  };
  expect(both).toEqual({ ...expected(addresses, down), ...expected(addresses6, down) });
}
