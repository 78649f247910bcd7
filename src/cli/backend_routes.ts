/** `backend check --routes`: the extra route in the routing table of any system, as text. */

import { readFileSync } from "node:fs";
import { styleText } from "node:util";
import { deleteCommand, type System } from "../backend/delete_route.ts";
import { formatCommand } from "../backend/programs.ts";
import { parseRouteTable, type RouteTable } from "../backend/route_table.ts";
import { extraRoutes, inferClusters } from "../backend/routes.ts";
import { loadConfig } from "../control/load_config.ts";
import { UsageError } from "../input/errors.ts";
import { parseAddresses } from "./backend_expected.ts";

/** Throws UsageError for a file that cannot be read or is no table, and where the system is not to be known. */
export function checkRoutes(
  file: string,
  options: {
    readonly cluster?: readonly string[] | undefined;
    readonly config?: string | undefined;
    readonly os?: System | undefined;
    readonly json?: true | undefined;
  },
): void {
  const table = parseRouteTable(readTable(file));
  const system = options.os ?? table?.system;
  if (table === undefined) {
    throw new UsageError(
      `"${file}" holds no routing table; give it what "route print", "netstat -nr" or "ip route show table all" prints`,
    );
  }
  if (system === undefined) {
    throw new UsageError(`Which system printed "${file}"? Nothing in it tells; say it with --os`);
  }
  const clusters = namedClusters(options) ?? inferClusters(table.routes);
  const extra = extraRoutes(table.routes, clusters).map(({ route, cluster }) => {
    const { command, isConfirmed } = deleteCommand(system, route, cluster);
    const { address, prefixLength } = route.network;
    return {
      id: "extra-route",
      cluster,
      network: `${address}/${prefixLength}`,
      mend: formatCommand(command),
      confirmed: isConfirmed,
    };
  });
  const notes = notesOn(table, system, extra.length, clusters);
  if (options.json) console.log(JSON.stringify({ system, clusters, extra, notes }, null, 2));
  else print(system, extra, notes);
  if (extra.length > 0) process.exitCode = 1;
}

/** Undefined where nobody named any. */
function namedClusters(
  { cluster, config }: {
    readonly cluster?: readonly string[] | undefined;
    readonly config?: string | undefined;
  },
): string[] | undefined {
  if (cluster !== undefined) return parseAddresses(cluster);
  return config === undefined ? undefined : loadConfig(config).clusters.flatMap(({ addresses }) => addresses);
}

function print(
  system: System,
  extra: readonly { id: string; cluster: string; network: string; mend: string; confirmed: boolean }[],
  notes: readonly string[],
): void {
  for (const { id, cluster, network, mend, confirmed } of extra) {
    console.log(`${styleText("red", id)}  ${cluster}`);
    console.log(`  found  a route for ${network} to itself (${system})`);
    console.log("  why    it takes that network for itself, and cannot reach its other machines");
    if (mend !== "") console.log(`  mend   ${mend}`);
    if (!confirmed) {
      console.log("  doubt  this command is general knowledge, and was not tried on this system");
    }
  }
  if (extra.length === 0) console.log(`no extra route (${system})`);
  for (const note of notes) console.log(`note: ${note}`);
}

function notesOn(
  { lacksLocal }: RouteTable,
  system: System,
  count: number,
  clusters: readonly string[],
): string[] {
  return [
    ...(clusters.length === 0
      ? ["no alias is to be seen in this table; name the cluster addresses with --cluster"]
      : []),
    ...(lacksLocal
      ? [
        'Linux keeps the extra route in table "local", which is not shown here: use "ip route show table all"',
      ]
      : []),
    ...(system === "windows" && count > 0
      ? ["Windows 2003 cannot delete routes: there leave it be (--os windows-2003)"]
      : []),
    ...(system === "windows-2003" && count > 0
      ? [
        "Windows 2003 cannot delete routes: leave the extra route be. If routing suffers, remove the alias and add it " +
        "again with another mask",
      ]
      : []),
  ];
}

function readTable(file: string): string {
  try {
    const octets = readFileSync(file === "-" ? 0 : file);
    // A Windows console redirects in its own encoding; nothing but digits and ASCII words is read here.
    return octets[0] === 0xff && octets[1] === 0xfe ? octets.toString("utf16le") : octets.toString("latin1");
  } catch (error) {
    throw new UsageError(`Cannot read the routing table "${file}": ${(error as Error).message}`);
  }
}
