/** The page's beginning. */

import "../stand_ins/shared_memory.ts";
import { Page } from "./page.ts";

void Page.open().then((page) => Object.assign(globalThis, { playground: page }));
