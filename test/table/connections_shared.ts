/** What connections.test.ts and its workers agree on. */

import { KEY } from "../../src/table/connections.ts";

export interface Shared {
  readonly memory: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
  readonly connections: number;
  /** From 1 on. */
  readonly worker: number;
}

/** In the words; behind it the bursts of each worker. */
export const STOP = 0;

/** Each has an owner that follows from it. */
export function connectionOf(number: number) {
  return {
    key: new Int32Array(KEY).fill(number),
    hash: Math.imul(number, 0x9e3779b1),
    owner: number & 0x7ff,
  };
}
