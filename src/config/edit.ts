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

/** Of a cluster or a backend by name, or of a section of the file. */
export interface Edit {
  /** Where there is no cluster. */
  readonly section: "dispatcher" | "api";
  readonly cluster: string | null;
  readonly backend: string | null;
  /** Null: the whole cluster or backend. */
  readonly key: string | null;
  /** As in a file; null: it is taken away. */
  readonly new: Json;
}

/** Text from one offset to another gives way to another text. */
interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Throws UsageError where an edit has no place in the text. */
export function edited(text: string, edits: readonly Edit[]): string {
  const document = documentOf(text);
  const values = edits.flatMap((edit) => valueSplice(document, text, edit) ?? []);
  const rest = edits.filter((edit) => valueSplice(document, text, edit) === undefined);
  return rest.reduce(
    (text, edit) => spliced(text, structureSplice(documentOf(text), text, edit)),
    values.toSorted((a, b) => b.from - a.from).reduce(spliced, text),
  );
}

function documentOf(text: string): Document {
  return parseDocument(text, { merge: true });
}

function spliced(text: string, { from, to, text: put }: Splice): string {
  return text.slice(0, from) + put + text.slice(to);
}

/** A value in the place of another one, which moves nothing else. Undefined when it is no such change. */
function valueSplice(document: Document, text: string, edit: Edit): Splice | undefined {
  if (edit.key === null || edit.new === null) return undefined;
  const { value } = pairOf(sectionOf(document, edit), edit.key) ?? {};
  if (!isScalar(value) && !(isCollection(value) && value.flow)) return undefined;
  const { range } = value as Node;
  // Of a key without a value the place is right behind its colon.
  const isEmpty = range![0] === range![1];
  return { from: range![0], to: range![1], text: `${isEmpty ? " " : ""}${inline(edit.new, text)}` };
}

function structureSplice(document: Document, text: string, edit: Edit): Splice {
  if (edit.key === null) {
    const items = edit.backend === null
      ? listIn(document.contents, "clusters", edit)
      : listIn(sectionOf(document, { ...edit, backend: null }), "backends", edit);
    const name = edit.backend ?? edit.cluster!;
    return edit.new === null
      ? without(text, items, itemNamed(items, name, edit))
      : withOneMore(text, items, edit.new);
  }
  const section = sectionOf(document, edit);
  const pair = pairOf(section, edit.key);
  if (edit.new === null) {
    if (pair === undefined) throw noPlace(edit);
    return without(text, section, pair);
  }
  if (pair === undefined) return withOneMore(text, section, { [edit.key]: edit.new });
  if (isAlias(pair.value)) throw noPlace(edit);
  // A block becomes one line, behind its key's colon.
  const colon = text.indexOf(":", (pair.key as Node).range![1]);
  return { from: colon + 1, to: endOf(text, pair), text: ` ${inline(edit.new, text)}` };
}

function sectionOf(document: Document, edit: Edit): YAMLMap {
  const { section, cluster, backend } = edit;
  if (cluster === null) return mapIn(document.contents, section, edit);
  const own = itemNamed(listIn(document.contents, "clusters", edit), cluster, edit);
  return backend === null ? own : itemNamed(listIn(own, "backends", edit), backend, edit);
}

function mapIn(parent: unknown, key: string, edit: Edit): YAMLMap {
  const value = isMap(parent) ? parent.get(key, true) : undefined;
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
function noPlace({ section, cluster, backend, key }: Edit): UsageError {
  const place = [
    cluster === null ? section : `cluster "${cluster}"`,
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
  if (list.flow || last === undefined) {
    const at = last === undefined ? list.range![0] + 1 : endOf(text, last);
    const item = inline(value, text);
    return { from: at, to: at, text: `${last === undefined ? "" : ", "}${isMap(list) ? bare(item) : item}` };
  }
  const at = lineEnd(text, endOf(text, last));
  const indent = " ".repeat(column(text, list.range![0]));
  const isInline = isCollection(last) && last.flow === true;
  const lines = isMap(list)
    ? [bare(inline(value, text))]
    : isInline
    ? [`- ${inline(value, text)}`]
    : stringify([value], { lineWidth: 0 }).trimEnd().split("\n");
  return { from: at, to: at, text: lines.map((line) => `\n${indent}${line}`).join("") };
}

function without(text: string, list: YAMLSeq | YAMLMap, item: unknown): Splice {
  const index = (list.items as unknown[]).indexOf(item);
  const [before, after] = [list.items[index - 1], list.items[index + 1]];
  const end = endOf(text, item);
  if (list.flow) {
    return before !== undefined
      ? { from: endOf(text, before), to: end, text: "" }
      : { from: startOf(item), to: after === undefined ? end : startOf(after), text: "" };
  }
  // The first key of an item stands behind its dash.
  const from = lineStart(text, startOf(item));
  if (isPair(item) && text.slice(from, startOf(item)).trim() !== "" && after !== undefined) {
    return { from: startOf(item), to: startOf(after), text: "" };
  }
  return {
    from: isSeq(list) ? dashLine(text, list, startOf(item)) : from,
    to: Math.min(text.length, lineEnd(text, end) + 1),
    text: "",
  };
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
