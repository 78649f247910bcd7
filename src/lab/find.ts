/** What a person means by a topology or a lab on the command line. */

import { existsSync, readFileSync } from "node:fs";
import type { Addresses } from "./graph.ts";
import { Lab } from "./lab.ts";
import { readRecord } from "./record.ts";
import { shippedFile, topologyFile } from "./shipped.ts";
import { checkLabName, isLabName, parseTopology, type Topology } from "./topology.ts";

/**
 * What a graph is to show: a lab that is up, with its addresses, or else a topology. Throws UsageError when it is neither.
 */
export async function toDraw(word: string): Promise<{ topology: Topology; addresses?: Addresses }> {
  if (!isLabName(word) || readRecord(word) === undefined) {
    const file = topologyFile(word);
    return { topology: parseTopology(readFileSync(file, "utf8"), file) };
  }
  const lab = Lab.open(word);
  const found = lab.topology.nodes.map(async ({ name }) => [name, await lab.node(name).addresses()] as const);
  return { topology: lab.topology, addresses: new Map(await Promise.all(found)) };
}

/** The name of the lab that is meant: by its name, or by its topology. Throws UsageError when it can be neither. */
export function labName(word: string): string {
  if (word.endsWith(".yaml") || existsSync(shippedFile(word))) {
    const file = topologyFile(word);
    return parseTopology(readFileSync(file, "utf8"), file).name;
  }
  checkLabName(word);
  return word;
}
