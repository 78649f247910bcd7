/** The configuration of both dispatchers, and what follows from it. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { explain, parseConfig } from "oneip";
import { ROOT } from "../../runtime.ts";
import type { Dispatcher } from "./network.ts";

export const CLUSTER = "10.0.0.100";
export const CLUSTER6 = "2001:db8::100";
/** What the router sends to: the addresses that the pair shares. */
export const NEXT_HOP = "10.0.0.4";
export const NEXT_HOP6 = "2001:db8::4";

const FILE = join(ROOT, "test/sim/wire/wire.oneip.yaml");
const TEXT = readFileSync(FILE, "utf8");

/** lb2's differs in the MAC and in the dispatcher's own addresses. */
export function configOf(dispatcher: Dispatcher): string {
  if (dispatcher === "lb1") return TEXT;
  return TEXT.replace("mac: 02:00:00:00:00:02", "mac: 02:00:00:00:00:03")
    .replace('addresses: [10.0.0.2/24, "2001:db8::2/64"]', 'addresses: [10.0.0.3/24, "2001:db8::3/64"]')
    .replace("peer: { address: 10.0.0.3", "peer: { address: 10.0.0.2");
}

/** Whose each client is by the bucket map, with some backends down. */
export function ownersOf(clients: readonly string[], down: readonly string[] = []): Record<string, string> {
  const config = parseConfig(TEXT, FILE, "test");
  return Object.fromEntries(
    explain(config, clients, down).map(({ client, backend }) => [client, backend ?? "nobody"]),
  );
}
