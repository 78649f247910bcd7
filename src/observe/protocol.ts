/** What the observer and its program say to each other. */

import type { Packet } from "./packet.ts";

export interface ObservedNode {
  /** Of a file that stands for its network namespace. */
  readonly path: string;
  readonly interfaces: readonly { readonly node: string; readonly interface: string }[];
}

/** A place in the frames that were seen. */
export interface Position {
  /** Of the next frame. */
  readonly number: number;
  /** So many had been missed until then. */
  readonly missed: number;
}

/** A moment. */
export interface Mark {
  readonly telling: Position;
  /** Undefined while nothing is captured. */
  readonly capturing: Position | undefined;
}

export type Question =
  | { readonly mark: true }
  /** What tells of connections, since then. */
  | { readonly since: Mark }
  /** From now on every frame is kept, too. */
  | { readonly capture: true }
  /** The frames since then are written into a file, as pcapng. The mark must be one of after `capture`. */
  | { readonly since: Mark; readonly saveTo: string };

/** A packet at one place of its way. */
export interface Observation extends Packet {
  /** Milliseconds since 1970, with a fraction. */
  readonly ms: number;
  readonly node: string;
  readonly interface: string;
  /** The node sends it there; else it receives it. */
  readonly isOutgoing: boolean;
}

export interface Observed {
  /** In the order of their time. */
  readonly observations: readonly Observation[];
  /** Frames that came too fast, or are too long ago. */
  readonly missed: number;
}

/** What a capture has, and lacks. */
export interface Saved {
  readonly frames: number;
  readonly missed: number;
}
