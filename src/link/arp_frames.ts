/** Frames with ARP for IPv4 (RFC 826), written and read. Addresses are canonical text. */

import { ipAt, type Mac, wordOf } from "../wire/address.ts";
import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import type { Claim } from "./claim.ts";
import type { LinkQuestion } from "./link_question.ts";
import { type Frame, type OwnFrames, viewOf } from "./own_frames.ts";

/** No address: the sender of a probe. */
const NOBODY = "0.0.0.0";
const BROADCAST: Mac = { high: 0xffff, low: -1 };
/** The target's MAC in a request, which is what is asked for. */
const UNKNOWN: Mac = { high: 0, low: 0 };

/** An address and where it is. */
interface Party {
  readonly address: string;
  readonly mac: Mac;
}

export class ArpFrames {
  readonly #mac: Mac;
  readonly #own: OwnFrames;

  /** `mac` is this machine's. */
  constructor(mac: Mac, own: OwnFrames) {
    this.#mac = mac;
    this.#own = own;
  }

  /** Asks the machine with this MAC, or everyone, who has an address. */
  question(from: string, address: string, mac: Mac = BROADCAST): Frame {
    return this.#frame(mac, arp.REQUEST, { address: from, mac: this.#mac }, { address, mac: UNKNOWN });
  }

  /** A question from no address, so that nobody learns from it: RFC 5227 section 2.1.1. */
  probe(address: string, mac?: Mac): Frame {
    return this.question(NOBODY, address, mac);
  }

  /**
   * Tells everyone where an address is: a gratuitous ARP request, RFC 5944 section 4.6. Of a shared address the target's MAC is the same
   * (RFC 9568 section 6.4.2, erratum 7949).
   */
  announcement(address: string, mac: Mac, isShared: boolean): Frame {
    return this.#frame(BROADCAST, arp.REQUEST, { address, mac }, { address, mac: isShared ? mac : UNKNOWN });
  }

  /** Tells who asked, and no other, where the address is. */
  answer({ address, from, mac: asker }: LinkQuestion, mac: Mac): Frame {
    return this.#frame(asker, arp.REPLY, { address, mac }, { address: from, mac: asker });
  }

  /** What a frame says of where an address is; undefined when it is no valid ARP. */
  claim(frame: Frame): Claim | undefined {
    const message = this.#read(frame);
    if (message === undefined) return undefined;
    const { isRequest, sender: { address, mac }, target } = message;
    return { address, mac, isAsking: isRequest && address !== target, toNobody: target === NOBODY };
  }

  /** What a frame asks; undefined when it asks nothing, probes, or would have the answer go to a group. */
  questionIn(frame: Frame): LinkQuestion | undefined {
    const message = this.#read(frame);
    if (message === undefined || !message.isRequest) return undefined;
    const { sender: { address: from, mac }, target: address } = message;
    if (from === NOBODY || from === address || ethernet.isGroup(mac.high)) return undefined;
    return { address, from, mac };
  }

  #read(frame: Frame): { isRequest: boolean; sender: Party; target: string } | undefined {
    const view = viewOf(frame);
    const at = this.#own.header;
    if (!arp.isValid(view, at, frame.length - at)) return undefined;
    const mac = { high: arp.senderMacHigh(view, at), low: arp.senderMacLow(view, at) };
    return {
      isRequest: arp.operation(view, at) === arp.REQUEST,
      sender: { address: ipAt(frame, at + arp.SENDER_IP, false), mac },
      target: ipAt(frame, at + arp.TARGET_IP, false),
    };
  }

  #frame(dst: Mac, operation: number, sender: Party, target: Party): Frame {
    const { frame, view } = this.#own.make(dst, ethernet.TYPE_ARP, arp.LENGTH);
    const at = this.#own.header;
    arp.write(view, at, operation);
    arp.setSender(view, at, sender.mac.high, sender.mac.low, wordOf(sender.address));
    arp.setTarget(view, at, target.mac.high, target.mac.low, wordOf(target.address));
    return frame;
  }
}
