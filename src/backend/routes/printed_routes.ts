/** The routing table of any system, as that system prints it, to routes. */

import { parseIpRoutes } from "./ip_routes.ts";
import { parseNetstatRoutes } from "./netstat_routes.ts";
import type { Route } from "./routes.ts";
import type { System } from "./delete_route.ts";
import { parseWindowsRoutes } from "./windows_routes.ts";

export interface PrintedRoutes {
  /** Which system printed the table; undefined where the text does not show it. */
  readonly system: System | undefined;
  readonly routes: readonly Route[];
  /** Linux printed it without its table "local", which holds the extra route. */
  readonly lacksLocal: boolean;
}

/** How to tell the systems whose tables look like BSD's apart. The first sign that fits decides. */
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

/** Undefined where no row has a known form. */
export function parsePrintedRoutes(text: string): PrintedRoutes | undefined {
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
