/**
 * The configuration that a fleet shares: its text in etcd, and those that it has replaced. Each push is guarded by the revision that it
 * replaces, so of two at the same time one is refused. An entry of the history is written with the text, so both have one revision.
 */

import { isMap, isScalar, type Pair, parse, parseDocument, stringify } from "yaml";
import { SHARED } from "../../config/config.ts";
import { UsageError } from "../../input/errors.ts";
import type { Etcd } from "./etcd.ts";
import { type Keys, type Pushed, pushedIn, pushedText } from "./keys.ts";
import type { SharedText } from "./snapshot.ts";

/** Of the history, the one that is in use among them. */
export const MOST_PUSHES = 20;

/** A push has it twice, and a request to etcd has room for 1.5 MiB. */
export const MOST_TEXT_OCTETS = 512 * 1024;

export interface Shared {
  /** Undefined: nobody has pushed one. */
  readonly current: SharedText | undefined;
  /** The oldest first. */
  readonly history: readonly Pushed[];
}

export interface PushRequest {
  readonly text: string;
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  /** The revision that it is to replace; null: there is to be none. */
  readonly over: number | null;
}

export async function readShared(etcd: Etcd, keys: Keys): Promise<Shared> {
  const { ranges: [configurations = [], pushes = []] } = await etcd.transact([], [
    { range: keys.configuration },
    { prefix: keys.histories },
  ]);
  const [found] = configurations;
  const history = pushes.map(pushedIn).filter((one) => one !== undefined);
  return {
    current: found && { revision: found.revision, text: found.value },
    history: history.toSorted((a, b) => a.revision - b.revision),
  };
}

/** The new revision. Throws UsageError when another one is there than is to be replaced. */
export async function push(
  etcd: Etcd,
  keys: Keys,
  { text, by, at, over }: PushRequest,
  history: readonly Pushed[],
): Promise<number> {
  const octets = Buffer.byteLength(text);
  if (octets > MOST_TEXT_OCTETS) {
    throw new UsageError(
      `What is shared is too large, found ${octets} octets, use ${MOST_TEXT_OCTETS} at most`,
    );
  }
  const { configuration } = keys;
  const old = history.slice(0, Math.max(0, history.length - (MOST_PUSHES - 1)));
  const { revision, succeeded, ranges } = await etcd.transact(
    [{ key: configuration, revision: over ?? 0 }],
    [
      { put: configuration, value: text },
      { put: keys.history(over ?? 0), value: pushedText({ at, by, text }) },
      ...old.filter(({ key }) => key !== keys.history(over ?? 0)).map(({ key }) => ({ delete: key })),
    ],
    [{ range: configuration }],
  );
  if (succeeded) return revision;
  const [there] = ranges[0] ?? [];
  // What was asked twice, because an answer came late, has succeeded the first time.
  if (there?.value === text) return there.revision;
  throw new UsageError(
    `Revision ${there?.revision ?? "none"} is there, not ${
      over ?? "none"
    }: somebody else has pushed meanwhile; ` +
      `look at "oneip config diff --fleet", and push again`,
  );
}

/** Of a file's text what is shared, as it is written there with its comments. */
export function sharedPartOf(text: string): string {
  const span = spanOf(text);
  const value = (parse(text, { merge: true }) as Record<string, unknown>)[SHARED];
  const part = span && `${text.slice(span.from, span.to).trimEnd()}\n`;
  // Where it does not stand by itself, because of an alias for example, its values do.
  return part !== undefined && isSame(part, value) ? part : stringify({ [SHARED]: value }, { lineWidth: 0 });
}

/** The file's text with this in place of what it shares. Throws UsageError where it has no place of its own. */
export function withSharedPart(text: string, shared: string, file: string): string {
  const span = spanOf(text);
  const value = (parse(shared, { merge: true }) as Record<string, unknown>)[SHARED];
  if (span !== undefined) {
    const next = `${text.slice(0, span.from)}${shared.trimEnd()}\n${text.slice(span.to)}`;
    if (isSame(next, value)) return next;
  }
  throw new UsageError(
    `"${SHARED}" has no place of its own in ${file}, perhaps because of an alias: put there by hand what --print prints`,
  );
}

function isSame(text: string, value: unknown): boolean {
  try {
    const found = (parse(text, { merge: true }) as Record<string, unknown>)[SHARED];
    return JSON.stringify(found) === JSON.stringify(value);
  } catch {
    return false;
  }
}

/** Whole lines, from the comment above the key to the next key. */
function spanOf(text: string): { readonly from: number; readonly to: number } | undefined {
  const { contents } = parseDocument(text, { merge: true });
  if (!isMap(contents) || contents.flow === true) return undefined;
  const startOf = ({ key }: Pair) => isScalar(key) ? key.range![0] : 0;
  const index = contents.items.findIndex(({ key }) => isScalar(key) && key.value === SHARED);
  if (index < 0) return undefined;
  const next = contents.items[index + 1];
  return {
    from: aboveComments(text, startOf(contents.items[index]!)),
    to: next === undefined ? text.length : aboveComments(text, startOf(next)),
  };
}

function aboveComments(text: string, at: number): number {
  let from = at;
  for (;;) {
    const before = text.lastIndexOf("\n", from - 2) + 1;
    if (from === 0 || !text.slice(before, from).startsWith("#")) return from;
    from = before;
  }
}
