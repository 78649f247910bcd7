/** Dispatchers and links with faults need TAPs, and so the right to open them. */

import { accessSync, constants, statSync } from "node:fs";
import { UsageError } from "../input/errors.ts";
import { ownUid } from "./user.ts";
import type { Topology } from "./topology.ts";

const TUN = "/dev/net/tun";

/** Throws UsageError when the lab needs TAPs and this user cannot open any. */
export function needTun(topology: Topology, file = TUN): void {
  const who = whoNeedsTun(topology);
  if (who === undefined) return;
  const needs = `${who}, which needs ${file},`;
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new UsageError(
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? `${needs} found none; load it with "modprobe tun", or give it to a container with "--device ${file}"`
        : `${needs} found one that user ${ownUid()} may not open (mode ${
          modeOf(file)
        }); as root run "chmod 0666 ${file}", ` +
          `and to keep it so write KERNEL=="tun", MODE="0666" into /etc/udev/rules.d/60-tun.rules; ` +
          "labs without nodes of kind oneip and links with faults need none",
    );
  }
}

function whoNeedsTun({ nodes, faulty: [link] }: Topology): string | undefined {
  const dispatcher = nodes.find(({ kind }) => kind === "oneip");
  if (dispatcher !== undefined) return `Node "${dispatcher.name}" runs a dispatcher`;
  return link && `The link of ${link.ends[0].node}:${link.ends[0].interface} can do harm`;
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8).padStart(4, "0");
}
