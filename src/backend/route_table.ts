/** A routing table as text, of any system, to its rows. */

import { parseIpRoutes } from "./ip_routes.ts";
import { parseNetstatRoutes } from "./netstat_routes.ts";
import type { Route } from "./routes.ts";
import type { System } from "./delete_route.ts";
import { parseWindowsRoutes } from "./windows_routes.ts";

export interface RouteTable {
  /** Which system printed it; undefined where the text does not betray it. */
  readonly system: System | undefined;
  readonly routes: readonly Route[];
  /** It was Linux, but without the table "local", where the extra route is. */
  readonly lacksLocal: boolean;
}

/** What betrays a system whose table looks like BSD's; the first that fits. */
const SIGNS: readonly (readonly [System, RegExp])[] = [
  ["linux", /\bGenmask\b/],
  ["aix", /Route Tree for Protocol Family|\bIf\s+Exp\b/],
  ["solaris", /^Routing Table: IPv|^-{8,}\s+-{8,}/m],
  ["hpux", /\bPmtu\b/],
  ["openbsd", /\bPrio\s+Iface\b/],
  ["macos", /\b(en|utun|awdl|bridge10)\d+\b/],
  ["freebsd", /\bNetif\b/],
  ["netbsd", /\bMtu\s+Interface\b/],
];

/** Undefined where there is no row of any known form. */
export function parseRouteTable(text: string): RouteTable | undefined {
  const windows = parseWindowsRoutes(text);
  if (windows.length > 0) return { system: "windows", routes: windows, lacksLocal: false };
  const netstat = parseNetstatRoutes(text);
  if (netstat.length > 0) {
    const system = SIGNS.find(([, sign]) => sign.test(text))?.[0];
    return { system, routes: netstat, lacksLocal: system === "linux" };
  }
  const routes = parseIpRoutes(text);
  if (routes.length === 0) return undefined;
  return { system: "linux", routes, lacksLocal: !routes.some(({ type }) => type === "local") };
}
