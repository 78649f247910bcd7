/** Run in a network namespace of its own: gives the kernel a frame from each address on standard input, through a TAP. */

import { readFileSync } from "node:fs";
import { Tap } from "oneip";
import * as f from "../frames.ts";

const tap = new Tap({ name: "tap0" });
for (const src of readFileSync(0, "utf8").trim().split("\n")) {
  const frame = src.includes(":")
    ? f.ethernet(f.ipv6(f.udp6([]), { src }), { dst: f.MAC.broadcast, type: f.ETHERTYPE.ipv6 })
    : f.ethernet(f.ipv4(f.udp([]), { src, protocol: f.PROTOCOL.udp }), { dst: f.MAC.broadcast });
  while (!tap.write(frame, frame.length));
}
tap.close();
