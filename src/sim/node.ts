/** What all machines of a world have in common. */

import type { SceneNode } from "./scene.ts";
import type { Port } from "./net/port.ts";

/** A machine of a world, of whatever kind. */
export interface WorldNode {
  /** What the scene says that it is. */
  readonly kind: SceneNode["kind"];
  /** By which actions and links name it. */
  readonly name: string;
  /** By their names. */
  readonly ports: ReadonlyMap<string, Port>;
  /** False while its power has failed, and of a dispatcher while its process does not run. */
  readonly isRunning: boolean;
  /** Where a link of the scene ends: at the port of this name, or at the only one; a switch makes one. Undefined where there is none. */
  portFor(name: string | undefined): Port | undefined;
  /** Its power fails. Throws UsageError when it does not run. */
  kill(): void;
  /** It starts again. Rejects with UsageError when it runs, or cannot. */
  heal(): Promise<void>;
  /** What it has counted, by name. */
  counters(): Record<string, number>;
}
