/** The program nft, which speaks to the kernel. */

import { run } from "../../system/programs.ts";
import { TABLE_PREFIX } from "./rules.ts";

/**
 * Gives commands to the kernel, all in one transaction. Throws with nft's own words when it refuses, and when it has not done
 * it in `timeoutMs`.
 */
export async function applyCommands(commands: string, timeoutMs?: number): Promise<void> {
  await nft(["-f", "-"], commands, timeoutMs);
}

/** Names of the filters' tables that the kernel has. */
export async function filterTables(): Promise<string[]> {
  const { nftables } = JSON.parse(await nft(["-j", "list", "tables", "inet"])) as {
    nftables: { table?: { name: string } }[];
  };
  return nftables.flatMap(({ table }) => table?.name.startsWith(TABLE_PREFIX) ? [table.name] : []);
}

/** Those of them that an agent holds: their leases run. */
export async function tablesOfAgents(): Promise<string[]> {
  const { nftables } = JSON.parse(await nft(["-j", "list", "sets", "inet"])) as {
    nftables: { set?: { name: string; table: string; elem?: unknown[] } }[];
  };
  return nftables.flatMap(({ set }) =>
    set?.name === "lease" && set.table.startsWith(TABLE_PREFIX) && set.elem !== undefined ? [set.table] : []
  );
}

/** Removes tables; in one transaction. */
export async function removeTables(names: readonly string[]): Promise<void> {
  await applyCommands(names.map((name) => `delete table inet ${name}\n`).join(""));
}

/** What nft printed. */
async function nft(args: readonly string[], input = "", timeoutMs?: number): Promise<string> {
  const { status, stdout, stderr } = await run(["nft", ...args], { input, timeoutMs });
  if (status === 0) return stdout;
  const why = stderr.trim().split("\n")[0] ?? "";
  const remedy = /Operation not permitted/.test(stderr) ? "; run it as root" : "";
  throw new Error(`nft refuses (status ${status}): ${why}${remedy}`);
}
