/** What the program of the links has in the folder of its lab. No node's files are named so: a node's name begins with none. */

import { join } from "node:path";

export function carrierFiles(
  folder: string,
): { readonly plan: string; readonly socket: string; readonly log: string } {
  return {
    plan: join(folder, "_links.json"),
    socket: join(folder, "_links.sock"),
    log: join(folder, "_links.log"),
  };
}
