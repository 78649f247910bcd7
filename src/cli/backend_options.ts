/** Options that several `backend` commands have. */

import { Option } from "@commander-js/extra-typings";
import { UsageError } from "../input/errors.ts";

export const clusterOption = () => new Option("--cluster <address...>", "cluster addresses");

export const configOption = () =>
  new Option(
    "-c, --config <file>",
    "take cluster addresses, ports, technique and MTU from this configuration",
  );

export const portOption = () =>
  new Option("--port <port...>", "service ports on which a server must listen, such as 80 or 53/udp");

export const techniqueOption = () =>
  new Option("--technique <technique>", "how frames come from the dispatcher").choices(
    ["route", "broadcast"] as const,
  );

export const stateOption = () =>
  new Option(
    "--state <dir>",
    "where the records of set-ups are; without it /var/lib/oneip, and in a network namespace that is not the machine's own " +
      "/run/oneip/NUMBER.backend",
  );

/** Throws UsageError where set-up cannot work, before anything is tried. */
export function requireLinuxRoot(isDryRun: boolean): void {
  requireLinux();
  if (!isDryRun && process.getuid?.() !== 0) {
    throw new UsageError("Addresses and sysctls need root: run it with sudo, or look with --dry-run");
  }
}

export function requireLinux(): void {
  if (process.platform !== "linux") {
    throw new UsageError(
      'This works on Linux; for another system see "oneip backend guide --os SYSTEM", and check its routes with ' +
        '"oneip backend check --routes FILE"',
    );
  }
}
