/** What a person can do wrong: the command ends with status 2. */

import type { Place } from "./places.ts";

/** The command was called with something that it cannot use. The message says what would do. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** There is nothing of the name that was given. */
export class NoneSuchError extends UsageError {}

/** A mistake and where it stands. The message has the form `what, found, remedy`. */
export interface Mistake extends Place {
  readonly message: string;
  /** Where it is in another text than the rest. */
  readonly file?: string;
}

/** The file cannot be used. The message has a line `file:line:column: what, found, remedy` for every mistake. */
export class InputError extends Error {
  override name = "InputError";
  /** All of them, in the order of the file. */
  readonly mistakes: readonly Mistake[];

  constructor(file: string, mistakes: readonly Mistake[]) {
    super(
      mistakes.map(({ line, column, message, file: own = file }) => `${own}:${line}:${column}: ${message}`)
        .join("\n"),
    );
    this.mistakes = mistakes;
  }
}
