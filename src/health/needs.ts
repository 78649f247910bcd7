/** What probes need besides the link, asked for before all backends seem to be down for the want of it. */

import type { Config } from "../config/config.ts";
import type { Probe } from "../config/meaning.ts";
import { mayRunPrograms } from "../device/permissions.ts";
import { UsageError } from "../input/errors.ts";
import { requireCertificates } from "./certificates.ts";

/** Throws UsageError for a file of certificates that cannot be used, and for programs that this process may not run. */
export function requireNeeds(config: Config): void {
  const probes = allProbes(config);
  requireCertificates(probes);
  if ((hasProgramProbes(config) || config.dispatcher.onEvent !== undefined) && !mayRunPrograms()) {
    throw new UsageError(
      "Probes of type exec and onEvent run programs, and Deno was started without the permission for that; " +
        "start the dispatcher anew with scripts/oneip and the path of this file",
    );
  }
}

/** Has it a probe that runs a program? */
export function hasProgramProbes(config: Config): boolean {
  return allProbes(config).some(({ type }) => type === "exec");
}

function allProbes({ clusters }: Config): Probe[] {
  return clusters.flatMap(({ health, backends }) =>
    [health, ...backends.map((backend) => backend.health)].flatMap((probes = []) => probes)
  );
}
