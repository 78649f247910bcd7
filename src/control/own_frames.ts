/** The outer layers of the frames that the control plane sends and reads: the Ethernet header, with the VLAN tag where there is one. */

import { ipOf, type Mac } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as nd from "../wire/nd.ts";

export type Frame = Uint8Array<ArrayBuffer>;

export class OwnFrames {
  /** Where the payload begins. */
  readonly header: number;
  readonly #mac: Mac;
  readonly #vlan: number | undefined;

  constructor({ mac, vlan }: { readonly mac: Mac; readonly vlan: number | undefined }) {
    this.#mac = mac;
    this.#vlan = vlan;
    this.header = vlan === undefined ? ethernet.HEADER : ethernet.TAGGED_HEADER;
  }

  /** A frame from us to a machine, with room for so many octets of payload. */
  make(dst: Mac, type: number, payload: number): Frame {
    const frame = new Uint8Array(this.header + payload);
    const view = new DataView(frame.buffer);
    ethernet.setDst(view, 0, dst.high, dst.low);
    ethernet.setSrc(view, 0, this.#mac.high, this.#mac.low);
    ethernet.setType(view, 0, type);
    if (this.#vlan !== undefined) {
      ethernet.setType(view, 0, ethernet.TYPE_VLAN);
      view.setUint16(ethernet.HEADER, this.#vlan);
      view.setUint16(ethernet.HEADER + 2, type);
    }
    return frame;
  }

  /** The type of a frame's payload; undefined when it is too short to have one, or carries the wrong tag or none. */
  typeOf(frame: Frame): number | undefined {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    if (frame.length < this.header) return undefined;
    const isTagged = ethernet.type(view, 0) === ethernet.TYPE_VLAN;
    if (this.#vlan === undefined) return isTagged ? undefined : ethernet.type(view, 0);
    return isTagged && ethernet.vlan(view, 0) === this.#vlan ? view.getUint16(this.header - 2) : undefined;
  }

  macOf(frame: Frame): Mac {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    return { high: ethernet.srcHigh(view, 0), low: ethernet.srcLow(view, 0) };
  }
  /** Where the valid neighbor discovery message of an IPv6 frame is; undefined when it carries none. */
  discoveryIn(frame: Frame): { at: number; length: number } | undefined {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    const ip = this.header;
    if (!ipv6.isValid(view, ip, frame.length - ip)) return undefined;
    const extensions = new ipv6.Extensions();
    extensions.walk(view, ip, ipv6.totalLength(view, ip));
    const { protocol, at } = extensions;
    const length = ip + ipv6.totalLength(view, ip) - at;
    if (protocol !== ipv6.ICMPV6 || length < nd.HEADER || !nd.isValid(view, ip, at, length)) return undefined;
    return { at, length };
  }
}

export function ipv4At(frame: Frame, at: number): string {
  return ipOf(frame.subarray(at, at + 4));
}

export function ipv6At(frame: Frame, at: number): string {
  return ipOf(frame.subarray(at, at + 16));
}
