/** The machine's packet filter, as nft prints it: in JSON for what it means, as text for people. */

import { readFileSync } from "node:fs";
import { run } from "../../system/programs.ts";

/** What is known of the packet filter. */
export interface Firewall {
  readonly chains: readonly Chain[];
  /** What was not looked at and why, for a person. */
  readonly unseen: readonly string[];
}

export interface Chain {
  /** "ip", "ip6", "inet", "netdev" and others. */
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** Of a base chain: where packets come by. */
  readonly hook: string | undefined;
  /** The interfaces of a base chain that is for these only. */
  readonly devices: readonly string[];
  /** What becomes of packets at the end of a base chain. */
  readonly drops: boolean;
  readonly rules: readonly Rule[];
  /** The named sets and maps of its table. */
  readonly sets: ReadonlyMap<string, readonly unknown[]>;
}

export interface Rule {
  readonly handle: number;
  /** As nft lists it. */
  readonly text: string;
  /** Its statements, each an object with one key: libnftables-json(5). */
  readonly statements: readonly Statement[];
}

export type Statement = Readonly<Record<string, unknown>>;

interface Row {
  readonly chain?: {
    readonly family: string;
    readonly table: string;
    readonly name: string;
    readonly hook?: string;
    readonly dev?: string | readonly string[];
    readonly policy?: string;
  };
  readonly rule?: {
    readonly family: string;
    readonly table: string;
    readonly chain: string;
    readonly handle: number;
    readonly expr: readonly Statement[];
  };
  readonly set?: SetRow;
  readonly map?: SetRow;
}

interface SetRow {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly elem?: readonly unknown[];
}

/** Asks nft. What it may not or cannot tell stands in `unseen`. */
export async function readFirewall(): Promise<Firewall> {
  const legacy = legacyTables();
  try {
    const [json, text] = await Promise.all(
      ["-j", "-a"].map((option) => run(["nft", option, "list", "ruleset"])),
    );
    if (json!.status === 0 && text!.status === 0) {
      return { chains: parseRuleset(json!.stdout, text!.stdout), unseen: legacy };
    }
    const needsRoot = json!.stderr.includes("Operation not permitted");
    const why = needsRoot ? "it needs root" : json!.stderr.trim().split("\n")[0] ?? "";
    return { chains: [], unseen: [`the firewall was not looked at: ${why}`, ...legacy] };
  } catch (error) {
    return { chains: [], unseen: [`the firewall was not looked at: ${(error as Error).message}`, ...legacy] };
  }
}

/** The kernel's older filter is there besides nftables when the older iptables has made tables. */
function legacyTables(): string[] {
  return [["iptables", "ip_tables_names"], ["ip6tables", "ip6_tables_names"]].flatMap(([program, file]) => {
    const tables = readProc(`/proc/net/${file}`).trim().split("\n").filter((name) => name !== "");
    return tables.length === 0 ? [] : [
      `the rules of ${program}-legacy (${tables.join(", ")}) were not looked at: see ${program}-legacy-save`,
    ];
  });
}

function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // This kernel has no such filter, or this user may not look.
  }
}

/** `json` is what `nft -j list ruleset` prints, `text` what `nft -a list ruleset` does. */
export function parseRuleset(json: string, text: string): Chain[] {
  const rows = (JSON.parse(json) as { nftables: Row[] }).nftables;
  const texts = ruleTexts(text);
  return rows.flatMap(({ chain }) => {
    if (chain === undefined) return [];
    const { family, table, name, hook, dev = [], policy } = chain;
    const isHere = (row: { readonly family: string; readonly table: string } | undefined) =>
      row?.family === family && row.table === table;
    return [{
      family,
      table,
      name,
      hook,
      devices: [dev].flat(),
      drops: policy === "drop",
      rules: rows.flatMap(({ rule }) =>
        isHere(rule) && rule!.chain === name
          ? [{
            handle: rule!.handle,
            text: texts.get(`${family} ${table} ${rule!.handle}`) ?? `handle ${rule!.handle}`,
            statements: rule!.expr,
          }]
          : []
      ),
      sets: new Map(
        rows.flatMap(({ set, map }) => {
          const row = set ?? map;
          return isHere(row) ? [[row!.name, row!.elem ?? []] as const] : [];
        }),
      ),
    }];
  });
}

/**
 * By family, table and handle, which is a rule's number within its table:
 *
 *     table inet filter { # handle 1
 *         chain input { # handle 1
 *             tcp dport 80 drop # handle 5
 */
function ruleTexts(text: string): Map<string, string> {
  const texts = new Map<string, string>();
  let table = "";
  for (const line of text.split("\n")) {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table;
    const [, rule, handle] = /^\t\t(.+) # handle (\d+)$/.exec(line) ?? [];
    if (rule !== undefined) texts.set(`${table} ${handle}`, rule);
  }
  return texts;
}
