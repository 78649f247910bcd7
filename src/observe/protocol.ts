/** What the observer and its program say to each other. */

import type { Packet } from "./packet.ts";

export interface ObservedNode {
  /** Of a file that stands for its network namespace. */
  readonly path: string;
  readonly interfaces: readonly { readonly node: string; readonly interface: string }[];
}

/** A moment between two frames. */
export interface Mark {
  /** Of the next frame. */
  readonly number: number;
  /** So many had been missed until then. */
  readonly missed: number;
}

export type Question =
  | { readonly mark: true }
  | { readonly since: Mark }
  /** Into this file, as pcapng. */
  | { readonly since: Mark; readonly file: string };

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
