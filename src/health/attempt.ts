/** One probe of one backend at one cluster address, from its beginning to its end. Each kind of probe is a file of its own. */

import type { Probe } from "../config/meaning.ts";
import type { FaultId } from "../fault/ids.ts";
import type { IpFrames, Way } from "../link/ip_frames.ts";
import type { Frame } from "../link/own_frames.ts";
import type { Clock } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import type { ProbePorts } from "./ports.ts";

/** Why an attempt has failed. */
export interface Failure {
  /** One plain sentence without its subject, the backend, such as `it refuses TCP connections to 10.0.0.100:80`. */
  readonly reason: string;
  /** What `oneip verify` would call it; null for what it does not look at. */
  readonly fault: FaultId | null;
}

/** What is asked, and of whom. */
export interface Question {
  readonly probe: Probe;
  /** From an address of ours to the cluster address at the backend's MAC. */
  readonly way: Way;
  /** 0 for a probe that asks no port. */
  readonly port: number;
  readonly backend: { readonly cluster: string; readonly name: string; readonly address: string };
  /** The attempt before this one got no answer at all. */
  readonly isAfterSilence: boolean;
}

/** By what means. */
export interface Means {
  readonly frames: IpFrames;
  readonly ports: ProbePorts;
  readonly clock: Clock;
  readonly random: Random;
  send(frame: Frame): void;
}

/** Undefined for a success. */
export type Ended = (failure: Failure | undefined) => void;

export interface Attempt {
  /** Ends it without a call of `ended`, because its time is over or nobody wants to know any more: what it lacked. */
  giveUp(): Failure;
}

/** Begins an attempt, which calls `ended` once, in memory perhaps at once. Undefined when no port is free. */
export type Begin = (question: Question, means: Means, ended: Ended) => Attempt | undefined;

/** `10.0.0.100:80` or `[2001:db8::100]:80` */
export function endpoint(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
