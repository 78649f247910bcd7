/** What all machines of a world have in common. */

import type { SceneNode } from "./scene.ts";
import type { Port } from "./net/port.ts";

export interface WorldNode {
  readonly kind: SceneNode["kind"];
  readonly name: string;
  /** By their names. */
  readonly ports: ReadonlyMap<string, Port>;
  readonly isRunning: boolean;
  /** Where a link of the scene ends: at the port of this name, or at the only one; a switch makes one. Undefined where there is none. */
  portFor(name: string | undefined): Port | undefined;
  /** Its power fails. Throws UsageError when it does not run. */
  kill(): void;
  /** It starts again. Rejects with UsageError when it runs, or cannot. */
  heal(): Promise<void>;
  counters(): Record<string, number>;
}
