/** What comes from the other dispatcher of a pair, by UDP to an address of our own: handed up, so many datagrams a second. */

import { isIpv6, wordsOf } from "../wire/address.ts";
import * as protocol from "../wire/protocol.ts";
import * as transport from "../wire/transport.ts";
import type { Packet } from "./packet.ts";
import type { Plan } from "./plan.ts";

const NO_PORT = -1;

export class Peer {
  readonly #port: number;
  readonly #isIpv6: boolean;
  readonly #words: Int32Array;

  constructor({ vrrp }: Plan) {
    const peer = vrrp?.peer;
    this.#port = peer?.port ?? NO_PORT;
    this.#isIpv6 = peer !== undefined && isIpv6(peer.address);
    this.#words = peer === undefined ? new Int32Array() : Int32Array.from(wordsOf(peer.address));
  }

  /** No fragment, and its UDP is not looked at yet but for the port. Who it really comes from, its HMAC says. */
  isFrom({ frame, isIpv6, src, upper, upperLength, protocol: upperProtocol }: Packet): boolean {
    if (this.#port === NO_PORT || isIpv6 !== this.#isIpv6 || upperProtocol !== protocol.UDP) return false;
    if (upperLength < transport.UDP_HEADER || transport.dstPort(frame, upper) !== this.#port) return false;
    for (let word = 0; word < this.#words.length; word++) {
      if (frame.getInt32(src + word * 4) !== this.#words[word]) return false;
    }
    return true;
  }
}
