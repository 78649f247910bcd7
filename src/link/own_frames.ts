/** The Ethernet header of the frames that the control plane sends and reads, with the VLAN tag where there is one. */

import type { Mac } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";

/** A whole frame, from its Ethernet header on. */
export type Frame = Uint8Array<ArrayBuffer>;

/** One to be filled in, and a view on it. */
export interface Made {
  readonly frame: Frame;
  readonly view: DataView;
}

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
  make(dst: Mac, type: number, payload: number): Made {
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
    return { frame, view };
  }

  /** The type of a frame's payload; undefined when the frame is too short to have one, or carries the wrong tag or none. */
  typeOf(frame: Frame): number | undefined {
    if (frame.length < this.header) return undefined;
    const type = twoAt(frame, ethernet.HEADER - 2);
    const isTagged = type === ethernet.TYPE_VLAN;
    if (this.#vlan === undefined) return isTagged ? undefined : type;
    const isOurs = isTagged && ethernet.vlanOf(twoAt(frame, ethernet.HEADER)) === this.#vlan;
    return isOurs ? twoAt(frame, this.header - 2) : undefined;
  }

  /** The MAC that a frame came from. */
  macOf(frame: Frame): Mac {
    return { high: twoAt(frame, 6), low: (twoAt(frame, 8) << 16) | twoAt(frame, 10) };
  }
}

function twoAt(frame: Frame, at: number): number {
  return (frame[at]! << 8) | frame[at + 1]!;
}

/** The octets of a frame, which may stand anywhere in their buffer. */
export function viewOf(frame: Frame): DataView {
  return new DataView(frame.buffer, frame.byteOffset, frame.length);
}
