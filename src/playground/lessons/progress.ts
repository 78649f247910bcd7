/** Which steps of a lesson are done in a world. A step that was done stays so, and is done after those before it. */

import type { World } from "../../sim/world.ts";
import type { Chronicle } from "../seen/chronicle.ts";
import type { Lesson } from "./lesson.ts";

export class Progress {
  readonly reached: boolean[];
  readonly #look: () => readonly boolean[];

  constructor(lesson: Lesson, world: World, chronicle: Chronicle) {
    this.reached = lesson.steps.map(() => false);
    this.#look = lesson.watch(world, chronicle);
  }

  get isSolved(): boolean {
    return this.reached.every((one) => one);
  }

  look(): void {
    if (this.isSolved) return;
    const now = this.#look();
    for (let step = 0; step < now.length && (this.reached[step] || now[step]); step++) {
      this.reached[step] = true;
    }
  }
}
