/** A topology as a drawing of characters, for a terminal. */

import type { Topology } from "./topology.ts";
import { type Addresses, linesOf } from "./graph.ts";
import { layOut, type Link } from "./graph_layout.ts";

/** In which directions a line leaves a place. */
const UP = 1;
const DOWN = 2;
const LEFT = 4;
const RIGHT = 8;

/** By the sum of their directions; one direction alone is an end. */
const LINES = " │││─┘┐┤─└┌├─┴┬┼";

export function toText(topology: Topology, addresses: Addresses = new Map()): string {
  const { columns, forward, across } = layOut(topology);
  const lines = new Map(topology.nodes.map((node) => [node.name, linesOf(node, addresses)]));
  const rows = rowsOf(columns, lines);
  const grid = new Grid();
  let left = 0;
  for (const names of columns) {
    const right = left + Math.max(...names.flatMap((name) => lines.get(name)!.map((line) => line.length)));
    for (const name of names) {
      for (const [index, line] of lines.get(name)!.entries()) grid.write(left, rows.get(name)! + index, line);
    }
    const links = forward.filter(([a]) => names.includes(a.node));
    // A node to which several links lead has a vertical line of its own; so has each link that has no such node.
    const trunks = trunksOf(links);
    for (const [index, trunk] of trunks.entries()) {
      for (const [a, b] of trunk) {
        const [from, to] = [rows.get(a.node)!, rows.get(b.node)!];
        const x = right + 2 + 2 * index;
        grid.horizontal(left + lines.get(a.node)![0]!.length + 1, x, from);
        grid.vertical(x, from, to);
        grid.horizontal(x, right + 2 + 2 * trunks.length, to);
      }
    }
    left = right + 4 + 2 * trunks.length;
  }
  const others = across.map(([a, b]) => `${a.node}:${a.interface} ── ${b.node}:${b.interface}`);
  return [...grid.lines(), ...(others.length === 0 ? [] : ["", ...others]), ""].join("\n");
}

function trunksOf(links: readonly Link[]): Link[][] {
  const count = (name: string) => links.filter(([a, b]) => a.node === name || b.node === name).length;
  const trunks = new Map<string, Link[]>();
  for (const link of links) {
    const [a, b] = link;
    const hub = count(b.node) > count(a.node) ? b.node : a.node;
    trunks.set(hub, [...(trunks.get(hub) ?? []), link]);
  }
  return [...trunks.values()];
}

/** The first row of each node: each column stands in the middle. */
function rowsOf(
  columns: readonly (readonly string[])[],
  lines: ReadonlyMap<string, readonly string[]>,
): Map<string, number> {
  const heights = columns.map((names) => names.reduce((sum, name) => sum + lines.get(name)!.length, 0));
  const rows = new Map<string, number>();
  for (const [index, names] of columns.entries()) {
    let row = Math.floor((Math.max(...heights) - heights[index]!) / 2);
    for (const name of names) {
      rows.set(name, row);
      row += lines.get(name)!.length;
    }
  }
  return rows;
}

class Grid {
  readonly #cells: (string | number)[][] = [];

  write(x: number, y: number, text: string): void {
    for (const [index, character] of [...text].entries()) this.#row(y)[x + index] = character;
  }

  horizontal(from: number, to: number, y: number): void {
    for (let x = from; x <= to; x++) this.#add(x, y, (x > from ? LEFT : 0) | (x < to ? RIGHT : 0));
    this.#add(from, y, RIGHT);
  }

  vertical(x: number, from: number, to: number): void {
    const [top, bottom] = [Math.min(from, to), Math.max(from, to)];
    for (let y = top; y <= bottom; y++) this.#add(x, y, (y > top ? UP : 0) | (y < bottom ? DOWN : 0));
  }

  lines(): string[] {
    return Array.from(
      this.#cells,
      (row = []) =>
        Array.from(row, (cell = " ") => typeof cell === "number" ? LINES[cell]! : cell).join("").trimEnd(),
    );
  }

  /** A text in the way stays. */
  #add(x: number, y: number, directions: number): void {
    const there = this.#row(y)[x] ?? 0;
    if (typeof there === "number") this.#row(y)[x] = there | directions;
  }

  #row(y: number): (string | number)[] {
    return this.#cells[y] ??= [];
  }
}
