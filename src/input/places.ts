/** Where in a YAML document a mistake stands, and how the value there reads. */

import { type Document, isMap, isNode, isScalar, type LineCounter, type Node } from "yaml";

/** Keys and indices from the root of a document to a value. */
export type Path = readonly PropertyKey[];

/** Both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Where the value at this path stands; or what it is missing from, if it is not there. */
export function placeOfValue(
  document: Document,
  lines: LineCounter,
  path: Path,
): Place {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = nodeAt(document, path.slice(0, depth));
    if (node?.range) return placeOfOffset(lines, node.range[0]);
  }
  return { line: 1, column: 1 };
}

/** Where a key stands in the mapping at this path. */
export function placeOfKey(
  document: Document,
  lines: LineCounter,
  path: Path,
  key: string,
): Place {
  const mapping = nodeAt(document, path);
  const pair = isMap(mapping)
    ? mapping.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
    : undefined;
  const node = pair?.key;
  return isNode(node) && node.range
    ? placeOfOffset(lines, node.range[0])
    : placeOfValue(document, lines, path);
}

export function placeOfOffset(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** The value at this path as a person would name it. */
export function describeValue(document: Document, path: Path): string {
  const plain: unknown = nodeAt(document, path)?.toJS(document);
  if (plain === null || plain === undefined) return "nothing";
  if (Array.isArray(plain)) return plain.length === 0 ? "an empty list" : "a list";
  if (typeof plain === "object") return "a mapping";
  return typeof plain === "string" ? `"${plain}"` : String(plain);
}

/** `"clusters[0].buckets"` */
export function describePath(path: Path): string {
  return path.length === 0 ? "The configuration" : `"${formatPath(path)}"`;
}

/** `clusters[0].buckets` */
export function formatPath(path: Path): string {
  return path.map((part) => typeof part === "number" ? `[${part}]` : `.${String(part)}`).join("").slice(1);
}

function nodeAt(document: Document, path: Path): Node | undefined {
  const found: unknown = path.length === 0 ? document.contents : document.getIn(path as string[], true);
  return isNode(found) ? found : undefined;
}
