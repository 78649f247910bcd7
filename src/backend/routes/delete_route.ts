/** How each system deletes a route. */

import { formatMask } from "./mask.ts";
import type { Command } from "../../system/programs.ts";
import type { Route } from "./routes.ts";

/** The systems whose routing tables can be read. */
export const SYSTEMS = [
  "linux",
  "freebsd",
  "openbsd",
  "netbsd",
  "macos",
  "windows",
  "windows-2003",
  "aix",
  "hpux",
  "solaris",
] as const;

export type System = (typeof SYSTEMS)[number];

export interface Deletion {
  /** Empty where the system cannot delete a route. */
  readonly command: Command;
  /** The command was tried, or is from a manual; otherwise it is general knowledge. */
  readonly isConfirmed: boolean;
}

/**
 * The command that deletes this route. `cluster` is the alias that brought the route: some systems want to be told.
 *
 * Linux's command was tried. Those of Windows with a gateway, of AIX and of HP-UX are IBM's ("Checking for an extra route", Load
 * Balancer 7.0). The others are general knowledge.
 */
export function deleteRoute(system: System, route: Route, cluster = ""): Deletion {
  const { text, gateway, network: { address, prefixLength } } = route;
  switch (system) {
    case "linux":
      return { command: linuxCommand(route), isConfirmed: true };
    case "windows":
      if (gateway !== undefined) return { command: ["route", "delete", address, gateway], isConfirmed: true };
      // Without a gateway and an interface the command would delete the real link's route as well.
      return {
        command: [
          ...["route", "delete", address, "mask", formatMask(prefixLength), "0.0.0.0"],
          ...["if", route.adapter ?? "INTERFACE-NUMBER"],
        ],
        isConfirmed: false,
      };
    case "windows-2003":
      return { command: [], isConfirmed: true };
    case "aix":
      return { command: ["route", "delete", text, gateway ?? cluster], isConfirmed: true };
    case "hpux":
      return { command: ["route", "delete", cluster, cluster], isConfirmed: false };
    case "solaris":
      return { command: ["route", "delete", "-net", text, gateway ?? cluster], isConfirmed: false };
    default: {
      const way = gateway === undefined ? ["-ifp", route.interface] : [gateway];
      return {
        command: ["route", "delete", "-net", `${address}/${prefixLength}`, ...way],
        isConfirmed: false,
      };
    }
  }
}

function linuxCommand({ type, network, interface: name, table }: Route): string[] {
  const prefix = `${network.address}/${network.prefixLength}`;
  return [
    ...["ip", "route", "del", ...(type === undefined ? [] : [type]), prefix, "dev", name],
    ...(table ?? type) === undefined ? [] : ["table", table ?? "local"],
  ];
}
