import { IFF_TAP, Interface, type InterfaceOptions } from "./interface.ts";

/** A TAP interface: each read and write is one Ethernet frame. */
export class Tap extends Interface {
  constructor(options: InterfaceOptions = {}) {
    super(IFF_TAP, options);
  }
}
