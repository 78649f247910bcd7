/**
 * Changes of the text of a configuration file that leave all else in it as it is: comments, order, the way it is written. YAML's
 * parser says where a value stands, and only that place is written anew:
 *
 *     a value             in its place, in one line
 *     a key, an item      behind the last one, in the form of its neighbors
 *     what is taken away  with its line, or from its comma on
 */

import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { UsageError } from "../input/errors.ts";
import type { Json } from "./print.ts";

/** Of a cluster or a backend by name, or of none. */
export interface Edit {
  readonly cluster: string | null;
  readonly backend: string | null;
  /** Null: the whole cluster or backend. Of no cluster: a key of the dispatcher, of another section as `SECTION.KEY`, or `fleet`, the whole section. */
  readonly key: string | null;
  /** As in a file; null: it is taken away. */
  readonly new: Json;
}

/** Text from one offset to another gives way to another text. */
interface Splice {
  readonly from: number;
  readonly to: number;
  readonly put: string;
  /** A whole cluster or backend. */
  readonly isItem: boolean;
}

/** Throws UsageError where an edit has no place in the text. */
export function edited(text: string, edits: readonly Edit[]): string {
  let next = text;
  // Those that would get in each other's way come one after another.
  for (let left = edits; left.length > 0;) {
    const document = parseDocument(next, { merge: true });
    const now: Splice[] = [];
    const later: Edit[] = [];
    for (const edit of left) {
      const splice = spliceFor(document, next, edit);
      if (now.every((other) => agree(other, splice))) now.push(splice);
      else later.push(edit);
    }
    // From behind, so that offsets hold; what comes to one place comes in the order of the edits.
    for (const { from, to, put } of now.toReversed().toSorted((a, b) => b.from - a.from)) {
      next = next.slice(0, from) + put + next.slice(to);
    }
    left = later;
  }
  return next;
}

function agree(one: Splice, other: Splice): boolean {
  if (one.from === other.from) return one.isItem && other.isItem;
  return one.to <= other.from || other.to <= one.from;
}

function spliceFor(document: Document, text: string, edit: Edit): Splice {
  if (edit.key === null) return itemSplice(document, text, edit);
  const section = sectionOf(document, edit);
  const key = keyIn(edit);
  if (section === undefined) {
    return withOneMore(text, mapOf(document.contents, edit), { [sectionName(edit)]: { [key]: edit.new } });
  }
  const pair = pairOf(section, key);
  if (pair === undefined) {
    if (edit.new === null) throw noPlace(edit);
    return withOneMore(text, section, { [key]: edit.new });
  }
  return edit.new === null ? without(text, section, pair) : valueSplice(text, pair, edit);
}

function itemSplice(document: Document, text: string, edit: Edit): Splice {
  const { cluster, backend } = edit;
  const items = backend === null
    ? listIn(document.contents, "clusters", edit)
    : listIn(sectionOf(document, { ...edit, backend: null }), "backends", edit);
  return edit.new === null
    ? without(text, items, itemNamed(items, backend ?? cluster!, edit))
    : withOneMore(text, items, edit.new);
}

function valueSplice(text: string, pair: Pair, edit: Edit): Splice {
  const { value } = pair;
  if (isAlias(value)) throw noPlace(edit);
  const put = inline(edit.new, text);
  if (isScalar(value) || (isCollection(value) && value.flow)) {
    const [from, to] = value.range!;
    // Of a key without a value the place is right behind its colon.
    return { from, to, put: from === to ? ` ${put}` : put, isItem: false };
  }
  // A block becomes one line, behind its key's colon.
  const colon = text.indexOf(":", (pair.key as Node).range![1]);
  return { from: colon + 1, to: endOf(text, pair), put: ` ${put}`, isItem: false };
}

/** Undefined: the file leaves it out as a whole. */
function sectionOf(document: Document, edit: Edit): YAMLMap | undefined {
  const { cluster, backend, key } = edit;
  if (cluster === null && key === "fleet") return mapOf(document.contents, edit);
  if (cluster === null) {
    const pair = pairOf(mapOf(document.contents, edit), sectionName(edit));
    return pair === undefined ? undefined : mapOf(pair.value, edit);
  }
  const own = itemNamed(listIn(document.contents, "clusters", edit), cluster, edit);
  return backend === null ? own : itemNamed(listIn(own, "backends", edit), backend, edit);
}

function sectionName({ key }: Edit): string {
  return key!.includes(".") ? key!.split(".")[0]! : "dispatcher";
}

function keyIn({ key }: Edit): string {
  return key!.split(".").at(-1)!;
}

function mapOf(value: unknown, edit: Edit): YAMLMap {
  if (isMap(value)) return value;
  throw noPlace(edit);
}

function listIn(parent: unknown, key: string, edit: Edit): YAMLSeq {
  const value: unknown = isMap(parent) ? parent.get(key, true) : undefined;
  if (isSeq(value)) return value;
  throw noPlace(edit);
}

function itemNamed({ items }: YAMLSeq, name: string, edit: Edit): YAMLMap {
  const item = items.find((item) => isMap(item) && String(item.get("name")) === name);
  if (isMap(item)) return item;
  throw noPlace(edit);
}

function pairOf({ items }: YAMLMap, key: string): Pair | undefined {
  return items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

/** Of what stands there by an alias or a merge key, others may stand there, too. */
function noPlace({ cluster, backend, key }: Edit): UsageError {
  const place = [
    cluster === null ? "dispatcher" : `cluster "${cluster}"`,
    ...(backend === null ? [] : [`backend "${backend}"`]),
  ];
  return new UsageError(
    `The file has no place of its own for ${
      [...place, key ?? []].flat().join(", ")
    }, perhaps because of an alias: edit it by hand`,
  );
}

function withOneMore(text: string, list: YAMLSeq | YAMLMap, value: Json): Splice {
  const last = list.items.at(-1);
  const isItem = isSeq(list);
  const item = isItem ? inline(value, text) : bare(inline(value, text));
  if (list.flow || last === undefined) {
    const at = last === undefined ? list.range![0] + 1 : endOf(text, last);
    return { from: at, to: at, put: last === undefined ? item : `, ${item}`, isItem };
  }
  const at = lineEnd(text, endOf(text, last));
  const indent = " ".repeat(column(text, list.range![0]));
  const isInline = isCollection(last) && last.flow === true;
  const lines = !isItem
    ? [item]
    : isInline
    ? [`- ${item}`]
    : stringify([value], { lineWidth: 0 }).trimEnd().split("\n");
  return { from: at, to: at, put: lines.map((line) => `\n${indent}${line}`).join(""), isItem };
}

function without(text: string, list: YAMLSeq | YAMLMap, item: unknown): Splice {
  const index = (list.items as unknown[]).indexOf(item);
  const [before, after] = [list.items[index - 1], list.items[index + 1]];
  const [start, end] = [startOf(item), endOf(text, item)];
  const gap = (from: number, to: number): Splice => ({ from, to, put: "", isItem: false });
  if (list.flow) {
    return before !== undefined
      ? gap(endOf(text, before), end)
      : gap(start, after === undefined ? end : startOf(after));
  }
  const line = isSeq(list) ? dashLine(text, list, start) : lineStart(text, start);
  // The first key of an item stands behind its dash.
  const isBehindDash = isPair(item) && text.slice(line, start).trim() !== "";
  if (isBehindDash && after !== undefined) return gap(start, startOf(after));
  return gap(line, Math.min(text.length, lineEnd(text, end) + 1));
}

/** Where the line begins that has the dash of the item that begins here. */
function dashLine(text: string, list: YAMLSeq, at: number): number {
  const left = column(text, list.range![0]);
  let from = lineStart(text, at);
  while (text[from + left] !== "-" || text.slice(from, from + left).trim() !== "") {
    from = lineStart(text, from - 1);
  }
  return from;
}

/** In one line, with as much room in braces as the file has. */
function inline(value: Json, text: string): string {
  const flowCollectionPadding = /[{] \S/.test(text);
  return stringify(value, { collectionStyle: "flow", flowCollectionPadding, lineWidth: 0 }).trimEnd();
}

/** A mapping in one line without its braces. */
function bare(mapping: string): string {
  return mapping.slice(1, -1).trim();
}

function startOf(item: unknown): number {
  return ((isPair(item) ? item.key : item) as Node).range![0];
}

/** Behind the last octet of its value, without what is only white. */
function endOf(text: string, item: unknown): number {
  if (isPair(item)) return endOf(text, item.value ?? item.key);
  if (isCollection(item) && item.flow !== true && item.items.length > 0) {
    return endOf(text, item.items.at(-1));
  }
  let end = (item as Node).range![1];
  while (/\s/.test(text[end - 1] ?? "")) end--;
  return end;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

function column(text: string, at: number): number {
  return at - lineStart(text, at);
}
