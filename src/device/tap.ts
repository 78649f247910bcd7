import { type HandedInterface, IFF_TAP, Interface, type InterfaceOptions } from "./interface.ts";

export type { HandedInterface as HandedTap };

/** A TAP interface: each read and write is one Ethernet frame. */
export class Tap extends Interface {
  constructor(options: InterfaceOptions = {}, handed?: HandedInterface) {
    super(IFF_TAP, options, handed);
  }
}
