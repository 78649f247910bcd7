/**
 * Asks the kernel itself what a filter takes: in a network namespace of our own, with a TAP on whose wire we are.
 *
 *     frames ──▶ TAP ──▶ the filter's rules ──▶ what is left: noted by source address, and dropped
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { inNetworkNamespace } from "../device/namespace.ts";
import { Tap } from "../device/tap.ts";
import { runChecked } from "../system/programs.ts";

/** Behind the filters, which are at -300. Nothing goes further. */
const OBSERVER = `
table inet observer {
  set seen4 { type ipv4_addr; size 65535; flags dynamic; }
  set seen6 { type ipv6_addr; size 65535; flags dynamic; }
  chain prerouting {
    type filter hook prerouting priority -290;
    meta pkttype != host drop
    add @seen4 { ip saddr }
    add @seen6 { ip6 saddr }
    drop
  }
}
`;

/** A frame that finds no room now may find it soon; the kernel works off a TAP's frames as they are written. */
const MOST_TRIES = 10_000;

/** It holds the namespace until its standard input ends, as it does with this process. */
const HOLD = "echo; exec cat";

export class KernelFilters {
  readonly #holder: ChildProcess;
  readonly #tap: Tap;

  /** Throws when this machine, or this user, cannot have a namespace with a TAP and nft. */
  static async open(): Promise<KernelFilters> {
    // In a session of its own it does not get the Ctrl-C that is for us.
    const holder = spawn("unshare", ["--net", "sh", "-c", HOLD], { stdio: "pipe", detached: true });
    let refused = "";
    holder.stderr.setEncoding("utf8").on("data", (text: string) => refused += text);
    // Without the program there is an error, and no end.
    const isThere = await Promise.race([
      once(holder.stdout, "data").then(() => true),
      once(holder, "close").then(() => false, () => false),
    ]);
    if (!isThere) throw new Error(whyRefused(refused));
    try {
      const tap = inNetworkNamespace(namespaceOf(holder), () => new Tap({ name: "prove0" }));
      const kernel = new KernelFilters(holder, tap);
      await kernel.#nft(["list", "tables"]);
      return kernel;
    } catch (error) {
      holder.stdin.end();
      throw error;
    }
  }

  private constructor(holder: ChildProcess, tap: Tap) {
    this.#holder = holder;
    this.#tap = tap;
  }

  /** The sources of those frames that the kernel lets in with these rules, as canonical text. */
  async ask(rules: string, frames: readonly Uint8Array[]): Promise<Set<string>> {
    await this.#nft(["-f", "-"], `flush ruleset${OBSERVER}${rules}`);
    for (const frame of frames) this.#write(frame);
    const { nftables } = JSON.parse(await this.#nft(["-j", "list", "table", "inet", "observer"])) as {
      nftables: { set?: { elem?: string[] } }[];
    };
    return new Set(nftables.flatMap(({ set }) => set?.elem ?? []));
  }

  /** Throws where the kernel does not take it. */
  #write(frame: Uint8Array): void {
    for (let tries = 0; tries < MOST_TRIES; tries++) if (this.#tap.write(frame, frame.length)) return;
    throw new Error(`The kernel does not take a frame of ${frame.length} octets from its TAP`);
  }

  async close(): Promise<void> {
    this.#tap.close();
    const ended = once(this.#holder, "close");
    this.#holder.stdin!.end();
    await ended;
  }

  #nft(words: readonly string[], input = ""): Promise<string> {
    return runChecked(["nsenter", `--net=${namespaceOf(this.#holder)}`, "nft", ...words], { input });
  }
}

/** In the words of unshare(1), if there is such a program. */
function whyRefused(words: string): string {
  if (/not permitted/.test(words)) return "a network namespace of its own needs root";
  return words.trim() || 'there is no program "unshare" here';
}

function namespaceOf({ pid }: ChildProcess): string {
  return `/proc/${pid}/ns/net`;
}
