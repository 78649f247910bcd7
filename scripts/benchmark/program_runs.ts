/** Has the kernel count what its programs take: BPF_ENABLE_STATS of bpf(2), until it is disposed of. */

import { close } from "../../src/device/ebpf.ts";
import { libc } from "../../src/device/libc.ts";

const ENABLE_STATS = 32;
/** BPF_STATS_RUN_TIME, the only field. */
const RUN_TIME = new Uint8Array(4);

export function countRuns(): Disposable {
  const descriptor = libc.bpf(ENABLE_STATS, RUN_TIME, RUN_TIME.length);
  if (descriptor < 0) throw new Error(`The kernel does not count its programs' runs, error ${libc.errno()}`);
  return { [Symbol.dispose]: () => close(descriptor) };
}
