/** A topology as a picture: SVG, with nothing in it but shapes and text. */

import type { Endpoint, NodePlan, Topology } from "./topology.ts";
import { type Addresses, linesOf } from "./graph.ts";
import { layOut, type Link } from "./graph_layout.ts";

const FONT = 13;
/** Of a character in a font of fixed width. */
const WIDTH = 7.9;
const LINE = 17;
const PADDING = 10;
const MARGIN = 20;
/** Between nodes of a column, and between columns beside their interfaces' names. */
const ROW_GAP = 22;
/** Between the names of two interfaces of a node. */
const LABEL = 16;
const COLUMN_GAP = 50;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const FILL = { host: "#e8f0fe", bridge: "#f1f3f4", oneip: "#fde293" } as const;

export function toSvg(topology: Topology, addresses: Addresses = new Map()): string {
  const { forward, across } = layOut(topology);
  const boxes = boxesOf(topology, addresses);
  const all = [...boxes.values()];
  const width = Math.max(...all.map(({ x, width }) => x + width)) + MARGIN;
  const height = Math.max(...all.map(({ y, height }) => y + height)) + MARGIN;
  const kinds = new Map(topology.nodes.map(({ name, kind }) => [name, kind]));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="ui-monospace, monospace" font-size="${FONT}">`,
    `  <title>${escape(topology.name)}</title>`,
    `  <rect width="100%" height="100%" fill="#fff"/>`,
    ...forward.map((link) => line(link, forward, boxes, kinds)),
    ...across.map((link) => arc(link, boxes)),
    ...topology.nodes.map((node) => box(node, boxes.get(node.name)!, linesOf(node, addresses))),
    "</svg>",
    "",
  ].join("\n");
}

/** Where each node's box is; no two of them touch. */
export function boxesOf(topology: Topology, addresses: Addresses = new Map()): Map<string, Box> {
  const { columns, forward } = layOut(topology);
  const lines = new Map(topology.nodes.map((node) => [node.name, linesOf(node, addresses)]));
  const heightOf = (name: string) => {
    const sides = [0, 1].map((end) => forward.filter((link) => link[end]!.node === name).length);
    const isBridge = topology.nodes.some((node) => node.name === name && node.kind === "bridge");
    return Math.max(lines.get(name)!.length * LINE + PADDING, isBridge ? 0 : Math.max(...sides) * LABEL);
  };
  const heights = columns.map((names) =>
    names.reduce((sum, name) => sum + heightOf(name) + ROW_GAP, -ROW_GAP)
  );
  const boxes = new Map<string, Box>();
  let x = MARGIN;
  for (const [index, names] of columns.entries()) {
    const longest = Math.max(...names.flatMap((name) => lines.get(name)!.map((line) => line.length)));
    const width = Math.ceil(longest * WIDTH) + 2 * PADDING;
    let y = MARGIN + (Math.max(...heights) - heights[index]!) / 2;
    for (const name of names) {
      boxes.set(name, { x, y, width, height: heightOf(name) });
      y += heightOf(name) + ROW_GAP;
    }
    const leaving = forward.filter(([a]) => names.includes(a.node));
    const labels = leaving.map(([a, b]) => a.interface.length + b.interface.length);
    x += width + COLUMN_GAP + Math.ceil(Math.max(0, ...labels) * WIDTH);
  }
  return boxes;
}

/** With the name of the interface at each end, but for a bridge's, which is the name of the node at the other end by custom. */
function line(
  link: Link,
  forward: readonly Link[],
  boxes: ReadonlyMap<string, Box>,
  kinds: ReadonlyMap<string, string>,
): string {
  const [a, b] = link;
  const [from, to] = [boxes.get(a.node)!, boxes.get(b.node)!];
  const isBridge = ({ node }: Endpoint) => kinds.get(node) === "bridge";
  // At a node several links end one below the other, in the order of their other ends.
  const heightAt = (end: 0 | 1) => {
    const box = boxes.get(link[end].node)!;
    if (isBridge(link[end])) return middle(box);
    const others = forward.filter((one) => one[end].node === link[end].node)
      .toSorted((one, two) =>
        middle(boxes.get(one[1 - end]!.node)!) - middle(boxes.get(two[1 - end]!.node)!)
      );
    return box.y + box.height * (others.indexOf(link) + 0.5) / others.length;
  };
  const [x1, y1, x2, y2] = [from.x + from.width, heightAt(0), to.x, heightAt(1)];
  const label = (end: Endpoint, other: Endpoint, x: number, anchor: string) => {
    if (isBridge(end) && end.interface === other.node) return [];
    const y = y1 + (y2 - y1) * (x - x1) / (x2 - x1) + 4;
    return [
      `  <text x="${x}" y="${
        round(y)
      }" text-anchor="${anchor}" fill="#5f6368" stroke="#fff" stroke-width="5" ` +
      `paint-order="stroke">${escape(end.interface)}</text>`,
    ];
  };
  return [
    `  <line x1="${x1}" y1="${round(y1)}" x2="${x2}" y2="${round(y2)}" stroke="#5f6368"/>`,
    ...label(a, b, x1 + 8, "start"),
    ...label(b, a, x2 - 8, "end"),
  ].join("\n");
}

/** Below all boxes between its ends. */
function arc([a, b]: Link, boxes: ReadonlyMap<string, Box>): string {
  const [from, to] = [boxes.get(a.node)!, boxes.get(b.node)!];
  const [x1, x2] = [from.x + from.width / 2, to.x + to.width / 2];
  const side = x1 === x2 ? Math.max(from.width, to.width) / 2 + 24 : 0;
  const [c1, c2] = [`${x1 + side} ${round(middle(from) + 30)}`, `${x2 + side} ${round(middle(to) + 30)}`];
  const title = `${a.node}:${a.interface} ${b.node}:${b.interface}`;
  return `  <path d="M${x1} ${round(middle(from))} C${c1} ${c2} ${x2} ${
    round(middle(to))
  }" fill="none" stroke="#5f6368">` +
    `<title>${escape(title)}</title></path>`;
}

function box({ name, kind }: NodePlan, { x, y, width, height }: Box, lines: readonly string[]): string {
  const texts = lines.map((text, index) =>
    `<text x="${x + width / 2}" y="${round(y + PADDING / 2 + (index + 0.75) * LINE)}" text-anchor="middle"${
      index === 0 ? ' font-weight="bold"' : ""
    }>${escape(text)}</text>`
  );
  return `  <g id="${escape(name)}"><rect x="${x}" y="${round(y)}" width="${width}" height="${height}" ` +
    `rx="${kind === "bridge" ? height / 2 : 4}" fill="${FILL[kind]}" stroke="#5f6368"/>${texts.join("")}</g>`;
}

function middle({ y, height }: Box): number {
  return y + height / 2;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
