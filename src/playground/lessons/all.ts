/** All lessons, in the order in which one learns. */

import { BLACK_HOLE } from "./black_hole.ts";
import { DRAIN } from "./drain.ts";
import { FRAGMENTS } from "./fragments.ts";
import type { Lesson } from "./lesson.ts";
import { MODULO } from "./modulo.ts";
import { PATH_MTU } from "./path_mtu.ts";
import { SILENCE } from "./silence.ts";
import { TWO_OWNERS } from "./two_owners.ts";

export const LESSONS: readonly Lesson[] = [
  SILENCE,
  BLACK_HOLE,
  PATH_MTU,
  FRAGMENTS,
  MODULO,
  TWO_OWNERS,
  DRAIN,
];
