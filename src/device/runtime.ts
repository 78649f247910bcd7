/** Which runtime this is, and by which interface it calls the C library: words for people, as a log shows them. */

import { libc } from "./libc.ts";

/** Name and version: "Deno 2.9.5" or "Node 26.10.0". */
export const RUNTIME: string = libc.runtime;

/** "Deno.dlopen" or "koffi". */
export const FFI: string = libc.ffi;
