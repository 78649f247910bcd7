/** `backend check --routes`: the extra route in the routing table of any system, as text. */

import { readFileSync } from "node:fs";
import { deleteRoute, type Deletion, type System } from "../backend/routes/delete_route.ts";
import { parsePrintedRoutes, type PrintedRoutes } from "../backend/routes/printed_routes.ts";
import { type ExtraRoute, extraRoutes, inferClusters } from "../backend/routes/routes.ts";
import { loadConfig } from "../config/load.ts";
import { type Fault, ON_THIS_MACHINE } from "../fault/fault.ts";
import { UsageError } from "../input/errors.ts";
import { formatCommand } from "../system/programs.ts";
import { parseAddresses } from "./backend_expected.ts";
import { describeFault } from "./print_faults.ts";

/** Throws UsageError for a file that cannot be read or holds no table, and where nothing shows which system printed it. */
export function checkRoutes(
  file: string,
  options: {
    readonly cluster?: readonly string[] | undefined;
    readonly config?: string | undefined;
    readonly os?: System | undefined;
    readonly json?: true | undefined;
  },
): void {
  const table = parsePrintedRoutes(readTable(file));
  const system = options.os ?? table?.system;
  if (table === undefined) {
    throw new UsageError(
      `"${file}" holds no routing table; give it what "route print", "netstat -nr" or "ip route show table all" prints`,
    );
  }
  if (system === undefined) {
    throw new UsageError(`Which system printed "${file}"? Nothing in it shows that; say it with --os`);
  }
  const clusters = namedClusters(options) ?? inferClusters(table.routes);
  const extra = extraRoutes(table.routes, clusters).map((one) => ({
    ...one,
    deletion: deleteRoute(system, one.route, one.cluster),
  }));
  const notes = notesOn(table, system, extra.length, clusters);
  if (options.json) {
    console.log(JSON.stringify({ system, clusters, extra: extra.map(routeData), notes }, null, 2));
  } else print(system, extra, notes);
  if (extra.length > 0) process.exitCode = 1;
}

interface FoundRoute extends ExtraRoute {
  readonly deletion: Deletion;
}

function prefixOf({ route: { network } }: ExtraRoute): string {
  return `${network.address}/${network.prefixLength}`;
}

/** An extra route as JSON has it. */
function routeData(found: FoundRoute): object {
  const { cluster, deletion: { command, isConfirmed } } = found;
  const [network, mend] = [prefixOf(found), formatCommand(command)];
  return { id: "extra-route", cluster, network, mend, confirmed: isConfirmed };
}

function faultOf(system: System, found: FoundRoute): Fault {
  const { cluster, deletion: { command, isConfirmed } } = found;
  return {
    ...ON_THIS_MACHINE,
    id: "extra-route",
    clusters: [cluster],
    found: `a route for ${prefixOf(found)} leads to the machine itself (${system})`,
    why: "the machine takes that network for itself, so it cannot reach the other machines there",
    mend: command.length === 0 ? [] : [command],
    decide: isConfirmed
      ? null
      : "check the command: it is general knowledge, and was not tried on this system",
  };
}

/** The cluster addresses that the options name; undefined where they name none. */
function namedClusters(
  { cluster, config }: {
    readonly cluster?: readonly string[] | undefined;
    readonly config?: string | undefined;
  },
): string[] | undefined {
  if (cluster !== undefined) return parseAddresses(cluster);
  return config === undefined ? undefined : loadConfig(config).clusters.flatMap(({ addresses }) => addresses);
}

function print(system: System, extra: readonly FoundRoute[], notes: readonly string[]): void {
  for (const found of extra) console.log(describeFault(faultOf(system, found), "the machine of this table"));
  if (extra.length === 0) console.log(`no extra route (${system})`);
  for (const note of notes) console.log(`note: ${note}`);
}

function notesOn(
  { lacksLocal }: PrintedRoutes,
  system: System,
  count: number,
  clusters: readonly string[],
): string[] {
  return [
    ...(clusters.length === 0
      ? ["this table shows no alias; name the cluster addresses with --cluster"]
      : []),
    ...(lacksLocal
      ? [
        'Linux keeps the extra route in table "local", which is missing here: use "ip route show table all"',
      ]
      : []),
    ...(system === "windows" && count > 0
      ? ["Windows 2003 cannot delete routes: leave the extra route there (see --os windows-2003)"]
      : []),
    ...(system === "windows-2003" && count > 0
      ? [
        "Windows 2003 cannot delete routes: leave the extra route there. If routing suffers, remove the alias and add it " +
        "again with another mask",
      ]
      : []),
  ];
}

function readTable(file: string): string {
  try {
    const octets = readFileSync(file === "-" ? 0 : file);
    // A Windows console redirects in an encoding of its own. Only digits and ASCII words matter here.
    return octets[0] === 0xff && octets[1] === 0xfe ? octets.toString("utf16le") : octets.toString("latin1");
  } catch (error) {
    throw new UsageError(`Cannot read the routing table "${file}": ${(error as Error).message}`);
  }
}
