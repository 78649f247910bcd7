/** A lesson: what one reads, the world in which it plays, and how that world says which of its steps are done. */

import type { Scene } from "../../sim/scene.ts";
import type { World } from "../../sim/world.ts";
import type { Chronicle } from "../seen/chronicle.ts";

/** As it stands in a file of data. */
export interface LessonText {
  readonly title: string;
  readonly text: readonly string[];
  readonly steps: readonly string[];
  readonly hints: readonly string[];
  /** What one knows now. */
  readonly done: string;
}

export interface Lesson extends LessonText {
  /** In addresses. */
  readonly id: string;
  readonly scene: Scene;
  /** Looks on from the beginning of the world. What it returns says of each step, whenever it is asked, whether it is so now. */
  watch(world: World, chronicle: Chronicle): () => readonly boolean[];
}
