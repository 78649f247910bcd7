/** What frames come from and go to. A frame is whole or not there; nothing here waits. */
export interface Device {
  /** Reads one frame into `slot`: its length, or 0 when none is waiting. A frame longer than the slot is cut. */
  read(slot: Uint8Array): number;
  /** Sends the first `length` octets of `slot` as one frame; false when the device did not take it. */
  write(slot: Uint8Array, length: number): boolean;
}
