/** In what a dispatcher runs otherwise than its file says now. */

import type { ConfigChange } from "../cluster/config_changes.ts";
import type { Drained } from "../engine/commanded.ts";

export interface Difference {
  /** The file's path. */
  readonly file: string;
  /** From the file to what runs. */
  readonly changes: readonly ConfigChange[];
  /** What no file can say. */
  readonly drained: readonly Drained[];
}
