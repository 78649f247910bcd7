/** Whoever looks at the frames of all links: a page, a capture, a property that must hold. Without one it costs nothing. */

import type { Lane } from "./lane.ts";
import type { Octets } from "./port.ts";

export interface Watcher {
  /**
   * A frame has been sent onto a link, and what becomes of it is decided: see `lane.decision` and `lane.arrivesUs`. `number`: by which it
   * is known again among the frames of this lane. The octets are the watcher's during the call only.
   */
  sent?(lane: Lane, number: number, octets: Octets, length: number): void;
  /** It arrives, perhaps changed, and perhaps for the second time. The node that gets it has not seen it yet. */
  arrived?(lane: Lane, number: number, octets: Octets, length: number): void;
}
