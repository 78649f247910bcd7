/** What was measured: the lines of the tables, with every raw value. */

import { ratios, type Spread, spreadOf } from "./statistics.ts";

/** One line: a figure of several subjects, a value for each pair. */
export interface Figure {
  /** Known by it to the targets and in bench.json. */
  readonly id: string;
  /** The heading that it stands under. */
  readonly section: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "less" | "more";
  /** The subject that the others are compared with. */
  readonly reference?: string;
  /** Is a bar of the chart. */
  readonly charted?: boolean;
}

/** Of the line with a figure's differences to no dispatcher. */
export const beyondOf = (id: string) => `${id}-more`;

/** A value for each pair; null where it failed. */
export type Values = (number | null)[];

export interface Row extends Figure {
  /** By subject. */
  readonly values: Record<string, Values>;
}

/** What is missing in the tables, and why. */
export interface Skip {
  readonly what: string;
  readonly why: string;
}

export class Results {
  readonly rows: Row[] = [];
  readonly skipped: Skip[] = [];
  /** By section: what one must know to read its table. */
  readonly notes = new Map<string, string>();
  /** Measurements that were tried and failed. */
  readonly failed: Skip[] = [];

  record(figure: Figure, subject: string, value: number | null): void {
    let row = this.rows.find(({ id }) => id === figure.id);
    if (row === undefined) this.rows.push(row = { ...figure, values: {} });
    (row.values[subject] ??= []).push(value);
  }

  /** Says it once. */
  skip(what: string, why: string): void {
    if (!this.skipped.some((skip) => skip.what === what)) this.skipped.push({ what, why });
  }

  note(section: string, text: string): void {
    this.notes.set(section, text);
  }

  fail(what: string, why: string): void {
    this.failed.push({ what, why });
  }

  /** Undefined when there is not one value. */
  spread(id: string, subject: string): Spread | undefined {
    return spreadOf(this.#values(id, subject).filter((value) => value !== null));
  }

  /** Of one subject to another, pair by pair; of the same figure unless another is named. */
  ratio(id: string, subject: string, reference: string, referenceId = id): Spread | undefined {
    return spreadOf(ratios(this.#values(id, subject), this.#values(referenceId, reference)));
  }

  #values(id: string, subject: string): Values {
    return this.rows.find((row) => row.id === id)?.values[subject] ?? [];
  }
}
