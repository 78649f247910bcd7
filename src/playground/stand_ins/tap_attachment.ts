/** For plane/tap_attachment.ts: a browser has no TAP. */

export class TapAttachment {
  constructor() {
    throw new Error("A browser has no TAP; start the engine with another attachment");
  }
}
