/**
 * The one buffer, cut into numbered slots, each with room for a frame:
 *
 *     slab   | slot 0          | slot 1          | ...
 *     at     0                 size              2 * size
 */
export class Slab {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly slots: readonly Uint8Array<ArrayBuffer>[];
  readonly slotSize: number;

  constructor(slots: number, slotSize: number) {
    this.slotSize = slotSize;
    this.bytes = new Uint8Array(slots * slotSize);
    this.slots = Array.from(
      { length: slots },
      (_, slot) => this.bytes.subarray(slot * slotSize, (slot + 1) * slotSize),
    );
  }
}
