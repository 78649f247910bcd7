/**
 * The kernel as witness: which IP frames a bridge node saw. nftables sets in the bridge count them by port, MACs and IP
 * addresses, without touching one.
 */

import type { LabNode } from "./lab.ts";
import { runChecked } from "../system/programs.ts";

/** IP frames that came in by one port with these addresses. */
export interface Sighting {
  /** The bridge's port, named after the node behind it. */
  readonly port: string;
  readonly srcMac: string;
  readonly dstMac: string;
  readonly src: string;
  readonly dst: string;
  readonly frames: number;
}

const RULES = `
table bridge witness {
  set seen { type ifname . ether_addr . ether_addr . ipv4_addr . ipv4_addr; size 65535; flags dynamic; counter; }
  set seen6 { type ifname . ether_addr . ether_addr . ipv6_addr . ipv6_addr; size 65535; flags dynamic; counter; }
  chain prerouting {
    type filter hook prerouting priority 0;
    add @seen { meta iifname . ether saddr . ether daddr . ip saddr . ip daddr }
    add @seen6 { meta iifname . ether saddr . ether daddr . ip6 saddr . ip6 daddr }
  }
}`;

/** Tells which IP frames a bridge node has seen, as the kernel counts them. */
export class Witness {
  readonly #node: LabNode;

  private constructor(node: LabNode) {
    this.#node = node;
  }

  /** Begins to watch a bridge node. */
  static async at(node: LabNode): Promise<Witness> {
    await runChecked(node.command(["nft", "-f", "-"]), { input: RULES });
    return new Witness(node);
  }

  /** What it has seen so far. */
  async sightings(): Promise<Sighting[]> {
    const printed = await this.#node.exec("nft", "-j", "list", "table", "bridge", "witness");
    const { nftables } = JSON.parse(printed) as { nftables: { set?: { elem?: Element[] } }[] };
    const elements = nftables.flatMap(({ set }) => set?.elem ?? []);
    return elements.map(({ elem: { val: { concat: [port, srcMac, dstMac, src, dst] }, counter } }) => (
      { port, srcMac, dstMac, src, dst, frames: counter.packets }
    ));
  }
}

interface Element {
  readonly elem: {
    readonly val: { readonly concat: readonly [string, string, string, string, string] };
    readonly counter: { readonly packets: number };
  };
}
