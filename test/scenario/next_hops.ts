/** By way of which dispatchers a router sends what is for the fleet's cluster addresses, as its kernel's routes change. */

import { type ChildProcess, spawn } from "node:child_process";
import { type LabNode, until } from "oneip";

export const CLUSTER = "10.1.0.100";
export const CLUSTER6 = "2001:db8:100::100";

export class NextHops {
  readonly #monitor: ChildProcess;
  /** By cluster address: the last digits of the next hops, and when that changed, in milliseconds since 1970. */
  readonly #of = new Map<string, { readonly hops: string; readonly sinceMs: number }>();
  #rest = "";

  constructor(router: LabNode) {
    const known = `ip -o route show ${CLUSTER}; ip -o -6 route show ${CLUSTER6}`;
    const [command = "", ...args] = router.command(["sh", "-c", `${known}; exec ip -o -ts monitor route`]);
    this.#monitor = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#monitor.stdout!.on("data", (octets: Buffer) => {
      const lines = (this.#rest + octets.toString()).split("\n");
      this.#rest = lines.pop()!;
      for (const line of lines) this.#hear(line);
    });
  }

  /** Resolves when both families go by way of these dispatchers and no others, such as "1 2 3": since when. */
  async are(dispatchers: string): Promise<number> {
    await until(
      () => `the router's next hops are ${dispatchers}, found ${JSON.stringify([...this.#of])}`,
      () => [CLUSTER, CLUSTER6].every((address) => (this.#of.get(address)?.hops ?? "") === dispatchers),
    );
    return Math.max(...[...this.#of.values()].map(({ sinceMs }) => sinceMs));
  }

  end(): void {
    this.#monitor.kill();
  }

  /** Such as `[2026-11-30T16:01:31.657017] 10.1.0.100 proto bird metric 32 \ nexthop via 10.0.0.22 dev eth2 weight 1 \ ...`. */
  #hear(line: string): void {
    const [, time, deleted, address = ""] = /^(?:\[(\S+)\] )?(Deleted )?(\S+)/.exec(line) ?? [];
    const hops = [...line.matchAll(/via \S*2(\d) /g)].map(([, hop]) => hop!).sort().join(" ");
    const sinceMs = time === undefined ? Date.now() : Date.parse(time);
    this.#of.set(address, { hops: deleted === undefined ? hops : "", sinceMs });
  }
}
