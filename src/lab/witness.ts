/**
 * The kernel as witness: which IP frames a bridge node saw, and who answered ARP requests. nftables sets in the bridge count them by
 * port, MACs and IP addresses, without touching one.
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

/** An answer to an ARP request. */
export interface ArpAnswer {
  /** The address that was asked for. */
  readonly address: string;
  /** Where it is, says the answer. */
  readonly mac: string;
}

/** What another witness has left there goes. */
const RULES = `
table bridge witness
delete table bridge witness
table bridge witness {
  set seen { type ifname . ether_addr . ether_addr . ipv4_addr . ipv4_addr; size 65535; flags dynamic; counter; }
  set seen6 { type ifname . ether_addr . ether_addr . ipv6_addr . ipv6_addr; size 65535; flags dynamic; counter; }
  set answers { type ether_addr . ipv4_addr; size 65535; flags dynamic; }
  chain prerouting {
    type filter hook prerouting priority 0;
    add @seen { meta iifname . ether saddr . ether daddr . ip saddr . ip daddr }
    add @seen6 { meta iifname . ether saddr . ether daddr . ip6 saddr . ip6 daddr }
    arp operation reply add @answers { arp saddr ether . arp saddr ip }
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
    const elements = (await this.#sets<Counted>()).filter((element) => "elem" in element);
    return elements.map(({ elem: { val: { concat: [port, srcMac, dstMac, src, dst] }, counter } }) => (
      { port, srcMac, dstMac, src, dst, frames: counter.packets }
    ));
  }

  /** Who has answered ARP requests so far, without repeats. */
  async arpAnswers(): Promise<ArpAnswer[]> {
    const elements = (await this.#sets<Plain>()).filter((element) => "concat" in element);
    return elements.map(({ concat: [mac, address] }) => ({ mac, address }));
  }

  /** Ends the watch. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#node.exec("nft", "delete", "table", "bridge", "witness");
  }

  /** The elements of all its sets. */
  async #sets<E>(): Promise<E[]> {
    const printed = await this.#node.exec("nft", "-j", "list", "table", "bridge", "witness");
    const { nftables } = JSON.parse(printed) as { nftables: { set?: { elem?: E[] } }[] };
    return nftables.flatMap(({ set }) => set?.elem ?? []);
  }
}

/** An element with a counter, as nft prints it, */
interface Counted {
  readonly elem: {
    readonly val: { readonly concat: readonly [string, string, string, string, string] };
    readonly counter: { readonly packets: number };
  };
}

/** and one without. */
interface Plain {
  readonly concat: readonly [string, string];
}
