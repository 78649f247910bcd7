/**
 * Where the machines of a scene stand: in rows by how far they are from the clients, so that requests go one way and replies the other.
 * A dispatcher stands beside the switch that it is joined to, since frames go to it and come back.
 *
 *     clients ── router ── switch ── backends
 *                            │
 *                        dispatcher
 */

/** What of a scene decides. */
export interface Drawn {
  readonly nodes: Readonly<Record<string, { readonly kind: string }>>;
  readonly links: readonly { readonly ends: readonly [string, string] }[];
}

/** From 0 to 1: `along` the way from clients to backends, and `across` it. */
export interface Place {
  readonly along: number;
  readonly across: number;
}

/** Machines side by side, beyond which a row becomes several. */
const MOST_WIDE = 10;
/** The same in a narrow drawing; and where there are so many that they are drawn small. */
const MOST_NARROW = 5;
const MOST_SMALL = 8;

/** Of more machines than these each is drawn small. */
export const MOST_LARGE = 16;

const FIRST = ["client", "host"];
/** Which machines do not forward, so that the way ends at them. */
const ENDS = ["client", "host", "backend", "dispatcher"];
/** Not on any link. */
const HIDDEN = "etcd";

export function layOut({ nodes, links }: Drawn, isNarrow: boolean): Map<string, Place> {
  const names = Object.keys(nodes).filter((name) => nodes[name]!.kind !== HIDDEN);
  const neighbors = new Map(names.map((name) => [name, [] as string[]]));
  for (const { ends } of links) {
    const [one, other] = ends.map(nodeOf) as [string, string];
    neighbors.get(one)?.push(other);
    neighbors.get(other)?.push(one);
  }
  const distances = distancesIn(nodes, names, neighbors);
  const rows = rowsOf(nodes, names, distances, neighbors);
  const most = !isNarrow ? MOST_WIDE : names.length > MOST_LARGE ? MOST_SMALL : MOST_NARROW;
  const lines = rows.flatMap((row) => split(row, most));
  const places = new Map<string, Place>();
  lines.forEach((line, index) => {
    line.forEach((name, position) => {
      places.set(name, { along: share(index, lines.length), across: share(position, line.length) });
    });
  });
  return places;
}

/** The middle of one of so many parts, a bit nearer to the beginning: below a machine stands its name. */
function share(index: number, count: number): number {
  return 0.01 + 0.93 * (index + 0.5) / count;
}

/** `router:eth0` is a port of `router`. */
export function nodeOf(end: string): string {
  return end.split(":")[0]!;
}

/** Links between each machine and its nearest client; without clients, from whoever is named first. */
function distancesIn(
  nodes: Drawn["nodes"],
  names: readonly string[],
  neighbors: ReadonlyMap<string, readonly string[]>,
): Map<string, number> {
  const clients = names.filter((name) => FIRST.includes(nodes[name]!.kind));
  const distances = new Map((clients.length > 0 ? clients : names.slice(0, 1)).map((name) => [name, 0]));
  for (const [name, distance] of distances) {
    if (distance > 0 && ENDS.includes(nodes[name]!.kind)) continue;
    for (const next of neighbors.get(name) ?? []) if (!distances.has(next)) distances.set(next, distance + 1);
  }
  return distances;
}

function rowsOf(
  nodes: Drawn["nodes"],
  names: readonly string[],
  distances: ReadonlyMap<string, number>,
  neighbors: ReadonlyMap<string, readonly string[]>,
): string[][] {
  const rows: string[][] = [];
  const put = (name: string, row: number) => (rows[row] ??= []).push(name);
  const dispatchers = names.filter((name) => nodes[name]!.kind === "dispatcher");
  for (const name of names) if (!dispatchers.includes(name)) put(name, distances.get(name) ?? 0);
  // Before and behind what they are joined to in turn, so that this stays in the middle.
  dispatchers.forEach((name, index) => {
    const at = distances.get(neighbors.get(name)?.[0] ?? "") ?? 0;
    const row = rows[at] ??= [];
    if (index % 2 === 0) row.unshift(name);
    else row.push(name);
  });
  return Array.from(rows, (row) => row ?? []).filter((row) => row.length > 0);
}

/** As even as can be. */
function split(row: readonly string[], most: number): string[][] {
  const lines = Math.ceil(row.length / most);
  const each = Math.ceil(row.length / lines);
  return Array.from({ length: lines }, (_, line) => row.slice(line * each, (line + 1) * each));
}
