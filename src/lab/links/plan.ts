/** What the program is told that carries the frames of a lab's faulty links, and what is said between it and others. All of it is JSON. */

import type { Counts } from "../../impairment/direction.ts";
import type { Settings } from "../../impairment/settings.ts";

/** What the program prints when all links are there. */
export const READY = "carrying";

/** Octets of a request or an answer. */
export const LONGEST_MESSAGE = 1 << 16;

export interface CarrierPlan {
  /** Where it listens. */
  readonly socket: string;
  readonly links: readonly CarriedLink[];
}

export interface CarriedLink {
  readonly ends: readonly [CarriedEnd, CarriedEnd];
  /** The file to which its decisions are written. */
  readonly log: string | undefined;
  /** The file of decisions that are made once more. */
  readonly playback: string | undefined;
}

export interface CarriedEnd {
  /** `NODE:INTERFACE`. */
  readonly name: string;
  /** File of its network namespace. */
  readonly namespace: string;
  readonly interface: string;
  readonly mac: string;
  /** Of what this end sends. */
  readonly settings: Settings;
}

export interface CarrierRequest {
  /** The socket that is answered to. */
  readonly answerTo: string;
  /** The ends whose directions are meant. */
  readonly of: readonly string[];
  /** What is set for some of them, by their ends. */
  readonly set?: Readonly<Record<string, Partial<Settings>>>;
  /** All begin with frame 0, and times count from now. */
  readonly restart?: boolean;
}

export type CarrierAnswer = { readonly error: string } | { readonly directions: readonly DirectionState[] };

/** How a direction is now. */
export interface DirectionState {
  readonly from: string;
  readonly to: string;
  readonly settings: Settings;
  readonly counts: Counts;
  /** Frames that are under way. */
  readonly held: number;
  /** Frames that came faster than the carrier read them. They have no number. */
  readonly missed: number;
  /** Frames that the other end did not take, since it is down. */
  readonly untaken: number;
  /** Why decisions are no longer written to the log. */
  readonly logFault: string | undefined;
}
