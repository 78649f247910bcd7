/** What all machines of a world have in common. */

import type { SceneNode } from "./scene.ts";
import type { Port } from "./net/port.ts";

export interface WorldNode {
  readonly kind: SceneNode["kind"];
  readonly name: string;
  /** By their names. */
  readonly ports: ReadonlyMap<string, Port>;
  readonly isRunning: boolean;
  /** Its power fails. Throws UsageError when it does not run. */
  kill(): void;
  /** It starts again. Rejects with UsageError when it runs, or cannot. */
  heal(): Promise<void>;
  counters(): Record<string, number>;
}
