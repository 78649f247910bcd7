/** The lab of the broadcast technique, and what its agents say. */

import { type Lab, request, until } from "oneip";
import { clients, CLUSTER, labWith } from "./labs.ts";

export const NAMES = ["web1", "web2", "web3", "web4"];

export class BroadcastLab {
  readonly lab: Lab;

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  /** Up, and every agent has its base share. */
  static async up(purpose: string, change = (config: string) => config): Promise<BroadcastLab> {
    const self = new BroadcastLab(await labWith(purpose, change, "broadcast"));
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
