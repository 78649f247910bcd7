/**
 * Where the nodes of a topology stand in its drawing: in columns from left to right, so that links lead from a column to the next one.
 *
 *     client1 ─┐                     ┌─ web1       The nodes with several links, the core, stand in columns by their distance from the
 *              ├─ wan ── router ── lan             first of them. A node with one link stands before its neighbor if it does so in the
 *     client2 ─┘                     └─ web2       file, else behind it. Within a column neighbors of the same node stay together.
 */

import type { Endpoint, Topology } from "./topology.ts";

export type Link = readonly [Endpoint, Endpoint];

export interface Layout {
  /** Names of nodes, from left to right, and from top to bottom. */
  readonly columns: readonly (readonly string[])[];
  /** From a column to the next one, the left end first. */
  readonly forward: readonly Link[];
  /** All the others. */
  readonly across: readonly Link[];
}

export function layOut({ nodes, links }: Topology): Layout {
  const names = nodes.map(({ name }) => name);
  const neighbors = new Map(names.map((name) => [name, [] as string[]]));
  for (const [a, b] of links) {
    if (a.node === b.node) continue;
    neighbors.get(a.node)!.push(b.node);
    neighbors.get(b.node)!.push(a.node);
  }
  const column = columnsOf(names, neighbors);
  const first = Math.min(...column.values());
  const columns: string[][] = [];
  for (const name of names) (columns[column.get(name)! - first] ??= []).push(name);
  keepTogether(columns, neighbors);
  const turned = links.map(([a, b]): Link => column.get(a.node)! <= column.get(b.node)! ? [a, b] : [b, a]);
  const isForward = ([a, b]: Link) => column.get(b.node)! - column.get(a.node)! === 1;
  return { columns, forward: turned.filter(isForward), across: turned.filter((link) => !isForward(link)) };
}

type Neighbors = ReadonlyMap<string, readonly string[]>;

function columnsOf(names: readonly string[], neighbors: Neighbors): Map<string, number> {
  const column = new Map<string, number>();
  const isCore = (name: string) => new Set(neighbors.get(name)).size > 1;
  // A part of the topology without a core is a pair, or a node alone: its first node stands for one.
  for (
    const start of [
      ...names.filter(isCore),
      ...names.filter((name) => !neighbors.get(name)!.some(isCore)),
    ]
  ) {
    if (column.has(start)) continue;
    column.set(start, 0);
    for (const queue = [start]; queue.length > 0;) {
      const name = queue.shift()!;
      for (const next of neighbors.get(name)!) {
        if (column.has(next) || (!isCore(next) && isCore(name))) continue;
        column.set(next, column.get(name)! + 1);
        queue.push(next);
      }
    }
  }
  for (const name of names) {
    if (column.has(name)) continue;
    const [neighbor = ""] = neighbors.get(name)!;
    const isBefore = names.indexOf(name) < names.indexOf(neighbor);
    column.set(name, column.get(neighbor)! + (isBefore ? -1 : 1));
  }
  return column;
}

/** Orders each column, from the second on, by where its nodes' neighbors in the column before stand; then back to the first. */
function keepTogether(columns: string[][], neighbors: Neighbors): void {
  const order = (index: number, by: number) => {
    const places = new Map((columns[by] ?? []).map((name, place) => [name, place]));
    const middle = new Map(columns[index]!.map((name, place) => {
      const found = neighbors.get(name)!.flatMap((one) => places.get(one) ?? []);
      return [name, found.length === 0 ? place : found.reduce((sum, one) => sum + one, 0) / found.length];
    }));
    columns[index]!.sort((a, b) => middle.get(a)! - middle.get(b)!);
  };
  for (let index = 1; index < columns.length; index++) order(index, index - 1);
  for (let index = columns.length - 2; index >= 0; index--) order(index, index + 1);
}
