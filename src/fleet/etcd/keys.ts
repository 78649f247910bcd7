/**
 * What stands in etcd, below the prefix of the fleet:
 *
 *     PREFIX/configuration           the text that all share, in YAML
 *     PREFIX/history/REVISION        each text that was pushed, with who and when; of the push that replaced this revision
 *     PREFIX/decisions/CLUSTER/NAME  what people have decided of a backend: drained, down, another weight
 *     PREFIX/dispatchers/NAME        what a dispatcher finds; under its lease, so that it goes with the dispatcher
 *
 * Whatever is there may have been written by anybody. What is not as it should be counts as not there, and is named.
 */

import * as z from "zod";
import type { Decision, Finding } from "../../cluster/quorum.ts";
import type { KeyValue } from "./answers.ts";

export class Keys {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  get configuration(): string {
    return `${this.prefix}/configuration`;
  }

  get histories(): string {
    return `${this.prefix}/history/`;
  }

  /** In the order of the revisions, whose digits are made as many. */
  history(replaced: number): string {
    return `${this.histories}${String(replaced).padStart(16, "0")}`;
  }

  get decisions(): string {
    return `${this.prefix}/decisions/`;
  }

  decision({ cluster, backend }: Pick<Decision, "cluster" | "backend">): string {
    return `${this.decisions}${cluster}/${backend}`;
  }

  get dispatchers(): string {
    return `${this.prefix}/dispatchers/`;
  }

  dispatcher(name: string): string {
    return `${this.dispatchers}${name}`;
  }
}

const portion = z.number().min(0).max(1);

const finding: z.ZodType<Finding> = z.record(z.string(), z.record(z.string(), portion));

/** What a dispatcher writes down of itself. */
export interface Observation {
  /** By which it knows its own: another machine may have its name. */
  readonly mac: string;
  /** Of the configuration that it runs by; 0: that of its file. */
  readonly revision: number;
  readonly finding: Finding;
}

const observation: z.ZodType<Observation> = z.object({ mac: z.string(), revision: z.int(), finding });

const weight = z.int().min(0).max(100);

const decision = z.object({
  state: z.enum(["active", "draining", "down"]),
  weight: z.object({ now: weight, base: weight.min(1), configured: weight }).nullable(),
});

const pushed = z.object({ at: z.string(), by: z.string(), text: z.string() });

/** A configuration that was pushed at some time. */
export interface Pushed {
  readonly key: string;
  readonly revision: number;
  /** ISO 8601, by the clock of the machine that pushed it. */
  readonly at: string;
  readonly by: string;
  readonly text: string;
}

/** An observation, and who has written it. */
export interface Observer extends Observation {
  readonly name: string;
}

export function observationText({ mac, revision, finding }: Observation): string {
  return JSON.stringify({ mac, revision, finding });
}

export function decisionText({ state, weight }: Decision): string {
  return JSON.stringify({ state, weight });
}

export function pushedText({ at, by, text }: Pick<Pushed, "at" | "by" | "text">): string {
  return JSON.stringify({ at, by, text });
}

/** Undefined where the value is none. */
export function observerIn({ key, value }: KeyValue): Observer | undefined {
  const read = parsed(observation, value);
  return read && { ...read, name: key.slice(key.lastIndexOf("/") + 1) };
}

export function decisionIn({ key, value }: KeyValue): Decision | undefined {
  const [cluster = "", backend = ""] = key.split("/").slice(-2);
  const read = parsed(decision, value);
  return read && { cluster, backend, ...read };
}

export function pushedIn({ key, value, revision }: KeyValue): Pushed | undefined {
  const read = parsed(pushed, value);
  return read && { key, revision, ...read };
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
