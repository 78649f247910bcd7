/**
 * The contents of a file as far as each value is right by itself. Checks that compare values look here, so that they find
 * their mistakes also when other parts of the file are wrong.
 */

import type * as z from "zod";
import type { Path } from "./places.ts";

/** A value that stands in the file. */
export interface Entry<T> {
  readonly path: Path;
  /** As it is written. */
  readonly written: unknown;
  /** What it means. */
  readonly value: T;
}

/** Reports a mistake in the value at this path. The message has the form `what, found, remedy`. */
export type Complain = (path: Path, message: string) => void;

/** Finds mistakes that no value shows by itself. */
export type Check = (contents: Contents, complain: Complain) => void;

export class Contents {
  readonly #root: unknown;
  /** What was found at a place before: several checks look at all addresses, of which there may be thousands. */
  readonly #found = new Map<string, Map<z.ZodType, Entry<unknown>[]>>();

  /** `root` may have any shape. */
  constructor(root: unknown) {
    this.#root = root;
  }

  /** The values at a place such as `clusters[].backends[].address` that `schema` takes, in the order of the file. */
  all<T>(place: string, schema: z.ZodType<T>): readonly Entry<T>[] {
    const bySchema = this.#found.get(place) ?? new Map<z.ZodType, Entry<unknown>[]>();
    this.#found.set(place, bySchema);
    const known = bySchema.get(schema) as Entry<T>[] | undefined;
    if (known !== undefined) return known;
    const entries = this.#pathsTo(place).map((path) => this.at(path, schema)).filter((entry) =>
      entry !== undefined
    );
    bySchema.set(schema, entries);
    return entries;
  }

  /** The value at this path; undefined where there is none that `schema` takes. */
  at<T>(path: Path, schema: z.ZodType<T>): Entry<T> | undefined {
    const written = this.#written(path);
    const { success, data } = schema.safeParse(written);
    return written !== undefined && success ? { path, written, value: data } : undefined;
  }

  #pathsTo(place: string): Path[] {
    let paths: Path[] = [[]];
    for (const step of place.match(/\[\]|[^.[]+/g) ?? []) {
      paths = paths.flatMap((path) => {
        if (step !== "[]") return [[...path, step]];
        const list = this.#written(path);
        return Array.isArray(list) ? [...list.keys()].map((index) => [...path, index]) : [];
      });
    }
    return paths;
  }

  #written(path: Path): unknown {
    let value = this.#root;
    for (const step of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Record<PropertyKey, unknown>)[step];
    }
    return value;
  }
}

/** The path of another key in the same mapping. */
export function beside(path: Path, key: string): Path {
  return [...path.slice(0, -1), key];
}
