/** The Ethernet header of the frames that the control plane sends and reads, with the VLAN tag where there is one. */

import type { Mac } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";

/** A whole frame, from its Ethernet header on. */
export type Frame = Uint8Array<ArrayBuffer>;

export class OwnFrames {
  /** Where the payload begins. */
  readonly header: number;
  readonly #mac: Mac;
  readonly #vlan: number | undefined;

  /** `mac`: the source of the frames. `vlan`: the VLAN whose tag they carry; undefined: no tag. */
  constructor({ mac, vlan }: { readonly mac: Mac; readonly vlan: number | undefined }) {
    this.#mac = mac;
    this.#vlan = vlan;
    this.header = vlan === undefined ? ethernet.HEADER : ethernet.TAGGED_HEADER;
  }

  /** A frame from us to a machine, with room for so many octets of payload. */
  make(dst: Mac, type: number, payload: number): Frame {
    const frame = new Uint8Array(this.header + payload);
    const view = viewOf(frame);
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

  /** The type of a frame's payload; undefined when the frame is too short to have one, or carries the wrong tag or none. */
  typeOf(frame: Frame): number | undefined {
    if (frame.length < this.header) return undefined;
    const view = viewOf(frame);
    const isTagged = ethernet.type(view, 0) === ethernet.TYPE_VLAN;
    if (this.#vlan === undefined) return isTagged ? undefined : ethernet.type(view, 0);
    const isOurs = isTagged && ethernet.vlanOf(ethernet.tag(view, 0)) === this.#vlan;
    return isOurs ? view.getUint16(this.header - 2) : undefined;
  }

  /** The MAC that a frame came from. */
  macOf(frame: Frame): Mac {
    const view = viewOf(frame);
    return { high: ethernet.srcHigh(view, 0), low: ethernet.srcLow(view, 0) };
  }
}

/** The octets of a frame, which may stand anywhere in their buffer. */
export function viewOf(frame: Frame): DataView {
  return new DataView(frame.buffer, frame.byteOffset, frame.length);
}
