/** The C library of this process, by the interface that the runtime has. */

import type { Libc } from "./libc_interface.ts";

export const libc: Libc = "Deno" in globalThis
  ? (await import("./libc_deno.ts")).openLibc()
  : (await import("./libc_node.ts")).openLibc();
