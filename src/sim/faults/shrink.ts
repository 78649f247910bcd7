/**
 * Makes a list that fails shorter for as long as it still fails: delta debugging (Zeller and Hildebrandt, 2002). What is asked of it is
 * the same each time, so what is found is one that fails again.
 */

/** How often it may be tried. */
export class Budget {
  #left: number;
  readonly #isOver: () => boolean;

  /** `isOver`: time is up, too. */
  constructor(tries: number, isOver: () => boolean = () => false) {
    this.#left = tries;
    this.#isOver = isOver;
  }

  /** May it be tried once more? Counts it. */
  take(): boolean {
    if (this.#left <= 0 || this.#isOver()) return false;
    this.#left--;
    return true;
  }
}

/**
 * The shortest list that was found, of items of this one in their order. With enough tries none of them can be left out: it is 1-minimal.
 * `items` itself fails, and is not tried again.
 */
export async function shrink<T>(
  items: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
  budget: Budget,
): Promise<readonly T[]> {
  let kept = items;
  let parts = 2;
  while (kept.length > 0) {
    const size = Math.ceil(kept.length / Math.min(parts, kept.length));
    const fewer = await withoutPart(kept, size, fails, budget);
    if (fewer !== undefined) {
      kept = fewer;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) return kept;
    else parts *= 2;
  }
  return kept;
}

/** The first of the lists that lack one part of `size` items and still fail; the last parts first, since what came late matters least. */
async function withoutPart<T>(
  items: readonly T[],
  size: number,
  fails: (some: readonly T[]) => Promise<boolean>,
  budget: Budget,
): Promise<readonly T[] | undefined> {
  for (let end = items.length; end > 0; end -= size) {
    const fewer = [...items.slice(0, Math.max(0, end - size)), ...items.slice(end)];
    if (!budget.take()) return undefined;
    if (await fails(fewer)) return fewer;
  }
  return undefined;
}

/** The smallest of these values, which get smaller, with which it still fails; undefined where it does with none. */
export async function smallest<T>(
  values: readonly T[],
  fails: (value: T) => Promise<boolean>,
  budget: Budget,
): Promise<T | undefined> {
  let found: T | undefined;
  for (const value of values) {
    if (!budget.take() || !await fails(value)) return found;
    found = value;
  }
  return found;
}
