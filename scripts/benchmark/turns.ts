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

/** What a kernel says that has no place for a program before a device. */
export const REFUSED = /The kernel refuses [^"\n]*/;

/** Subjects that run side by side, those that wait idle; they end with it. */
export class Running {
  readonly #programs = new Map<Subject, Program | undefined>();

  /**
   * Starts those of these names that can be measured; of the others the results say why not. `core`: where they run, with all
   * their threads; anywhere when undefined.
   */
  static async start(bench: Bench, names: readonly string[], core?: number): Promise<Running> {
    const { bed, results, subjects } = bench;
    const running = new Running();
    const pinned = core === undefined ? "" : `taskset --cpu-list ${core} `;
    for (const name of names) {
      const subject = subjects.find((subject) => subject.name === name)!;
      const { node, cmd, ports, readyText, missing } = subject;
      if (missing !== undefined) {
        results.skip(name, missing);
        continue;
      }
      try {
        const hasProgram = node !== undefined && cmd !== undefined;
        const program = hasProgram ? await bed.start(node, pinned + cmd, ports, readyText) : undefined;
        running.#programs.set(subject, program);
      } catch (error) {
        const { message } = error as Error;
        const refused = REFUSED.exec(message)?.[0];
        if (refused !== undefined) results.skip(name, refused);
        else results.fail(`start of ${name}`, message);
      }
    }
    return running;
  }

  /** Those of these names that run; all without names. */
  subjects(...names: string[]): Subject[] {
    const all = [...this.#programs.keys()];
    return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  }

  pidOf(subject: Subject): number {
    return this.#programs.get(subject)!.pid!;
  }

  /** What its program has printed. */
  logOf(subject: Subject): string {
    return this.#programs.get(subject)?.log ?? "";
  }

  /** None where it has no program. */
  pidsOf(subject: Subject): number[] {
    return [this.#programs.get(subject)?.pid ?? []].flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program?.stop()));
  }
}
