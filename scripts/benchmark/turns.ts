/** Taking turns: A B A B, so that the machine's moods meet all alike. */

import type { Program } from "../../src/lab/program.ts";
import type { Figure, Results } from "./results.ts";
import type { Subject } from "./subjects.ts";
import type { Testbed } from "./testbed.ts";

/** What every measure is given. */
export interface Bench {
  readonly bed: Testbed;
  readonly subjects: readonly Subject[];
  readonly results: Results;
  readonly pairs: number;
  progress(text: string): void;
}

/** One measurement of several subjects; it gives a value for each of its figures. */
export interface Turn {
  readonly figures: readonly Figure[];
  readonly subjects: readonly Subject[];
  measure(subject: Subject): Promise<readonly number[]>;
}

/** All turns of all subjects, then all over again. A measurement that fails leaves a gap and is told of at the end. */
export async function inTurn({ results, pairs, progress }: Bench, turns: readonly Turn[]): Promise<void> {
  for (let pair = 1; pair <= pairs; pair++) {
    for (const { figures, subjects, measure } of turns) {
      for (const subject of subjects) {
        let values: readonly (number | null)[];
        try {
          values = await measure(subject);
        } catch (error) {
          values = figures.map(() => null);
          results.fail(`${figures[0]!.title}, ${subject.name}, pair ${pair}`, (error as Error).message);
        }
        figures.forEach((figure, index) => results.record(figure, subject.name, values[index]!));
        const shown = figures.map(({ unit }, index) => `${values[index]?.toFixed(1) ?? "failed"} ${unit}`);
        progress(`pair ${pair}: ${figures[0]!.title}: ${subject.name}: ${shown.join(", ")}`);
      }
    }
  }
}

/** The subjects of these names that can be measured; of the others the results say why not. */
export function choose({ subjects, results }: Bench, ...names: string[]): Subject[] {
  return names.flatMap((wanted) => {
    const subject = subjects.find(({ name }) => name === wanted)!;
    if (subject.missing === undefined) return [subject];
    results.skip(subject.name, subject.missing);
    return [];
  });
}

/** Subjects that run side by side, those that wait idle; they end with it. */
export class Running {
  readonly #programs = new Map<Subject, Program>();

  static async start(bed: Testbed, subjects: readonly Subject[]): Promise<Running> {
    const running = new Running();
    for (const subject of subjects) {
      const { node, cmd, ports, readyText } = subject;
      if (node === undefined || cmd === undefined) continue;
      running.#programs.set(subject, await bed.start(node, cmd, ports, readyText));
    }
    return running;
  }

  pidOf(subject: Subject): number {
    return this.#programs.get(subject)!.pid!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program.stop()));
  }
}
