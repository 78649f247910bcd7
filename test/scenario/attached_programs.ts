/** How many programs are attached to an interface, asked in its network namespace: `attached_programs.ts INTERFACE` prints JSON. */

import * as ifreq from "../../src/device/ifreq.ts";
import { TCX_EGRESS, TCX_INGRESS } from "../../src/device/ebpf.ts";
import { libc } from "../../src/device/libc.ts";

const PROG_QUERY = 16;

/** Of union bpf_attr: interface (4), kind (4), and at 24 how many there are. */
function attached(ifindex: number, attachType: number): number {
  const attributes = new Uint8Array(new ArrayBuffer(64));
  const view = new DataView(attributes.buffer);
  view.setUint32(0, ifindex, true);
  view.setUint32(4, attachType, true);
  return libc.bpf(PROG_QUERY, attributes, attributes.length) < 0 ? 0 : view.getUint32(24, true);
}

const index = ifreq.index(process.argv[2]!);
console.log(JSON.stringify({ ingress: attached(index, TCX_INGRESS), egress: attached(index, TCX_EGRESS) }));
