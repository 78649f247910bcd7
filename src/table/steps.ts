/** Work that is done in steps, so that whoever does it may have other work in between. */

/** What steps come to, all of them done at once. */
export function finish<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
