/** Where a node is joined to a link: what it sends goes onto the link, and what arrives is given to it. */

import { ofName } from "../../table/hash.ts";
import type { Mac } from "../../wire/address.ts";

export type Octets = Uint8Array<ArrayBuffer>;

/** Takes a frame, whose octets are its own during the call only: there it may change them, and send them on. */
export type Receive = (octets: Octets, length: number) => void;

export class Port {
  readonly node: string;
  /** Such as `eth0`. */
  readonly name: string;
  /** Another one: with another network card. */
  mac: Mac;
  /** While it is not, nothing goes in or out. */
  isUp = true;
  receive: Receive = () => {};
  /** Set by the link that it is joined to. */
  carry: Receive | undefined;

  constructor(node: string, name: string, mac: Mac) {
    this.node = node;
    this.name = name;
    this.mac = mac;
  }

  /** False when it is down, or joined to nothing. The octets are the caller's again afterwards, unchanged. */
  send(octets: Octets, length: number): boolean {
    if (!this.isUp || this.carry === undefined) return false;
    this.carry(octets, length);
    return true;
  }
}

/** The MAC of a port that nobody has given one: always the same, of the range for those who choose for themselves. */
export function macOf(node: string, port: string): Mac {
  return { high: 0x0200 | (ofName(node) >>> 24), low: ofName(`${node}:${port}`) };
}
