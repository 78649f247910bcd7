/** Reads a YAML file that a person wrote: every mistake in one go, each with its place, what was found and what would do. */

import {
  Composer,
  type CST,
  type Document,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  visit,
  YAMLParseError,
} from "yaml";
import type * as z from "zod";
import { type Check, type Complain, Contents } from "./contents.ts";
import { InputError, type Mistake } from "./errors.ts";
import {
  describePath,
  describeValue,
  type Path,
  type Place,
  placeOfKey,
  placeOfOffset,
  placeOfValue,
} from "./places.ts";
import { keysAt } from "./schema.ts";

/** Of the text that are read in one step, which takes some milliseconds. */
const STEP_LEXEMES = 4096;

/** What a file may say. */
export interface Format<T> {
  /** Its error texts are remedies. */
  readonly schema: z.ZodType<T>;
  /** They run also when the schema has complained, so that one look tells all. */
  readonly checks: readonly Check[];
  /** What is said of a key that is not in the schema; undefined where nothing but that is to be said. */
  readonly refusalOf?: (key: string) => string | undefined;
}

/** What a file says. */
export interface Read<T> {
  readonly value: T;
  readonly contents: Contents;
  /** Where the value at this path stands, or what it is missing from. */
  placeOf(path: Path): Place & { readonly file: string };
}

/** A text and what it is called: a file's path, or where else it comes from. */
export interface Source {
  readonly text: string;
  readonly name: string;
}

/** The value of this key comes from another text, and not from the file. */
export interface Elsewhere extends Source {
  readonly key: string;
}

interface Composed {
  readonly name: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly raw: unknown;
}

/**
 * Text of a file to its meaning, in steps of some ten milliseconds for a file of 1,000 lines. Throws InputError with every mistake.
 */
export function* readInSteps<T>(
  text: string,
  file: string,
  format: Format<T>,
  elsewhere?: Elsewhere,
): Generator<void, Read<T>> {
  const own = yield* composeInSteps({ text, name: file });
  const other = elsewhere === undefined ? undefined : yield* composeInSteps(elsewhere);
  const raw = elsewhere === undefined ? own.raw : withKey(own.raw, other!, elsewhere.key);
  const sourceOf = (path: Path) => other !== undefined && path[0] === elsewhere!.key ? other : own;
  const result = format.schema.safeParse(raw);
  const mistakes = (result.error?.issues ?? []).flatMap((issue) => {
    const { document, lines, name } = sourceOf(issue.path);
    return schemaMistakes(document, lines, issue, format).map((one) => ({ ...one, file: name }));
  });
  const placeOf = (path: Path) => {
    const { document, lines, name } = sourceOf(path);
    return { ...placeOfValue(document, lines, path), file: name };
  };
  const contents = new Contents(raw);
  const complain: Complain = (path, message) => mistakes.push({ ...placeOf(path), message });
  yield;
  for (const check of format.checks) check(contents, complain);
  if (!result.success || mistakes.length > 0) {
    throw new InputError(file, mistakes.sort((a, b) => a.line - b.line || a.column - b.column));
  }
  return { value: result.data, contents, placeOf };
}

function* composeInSteps({ text, name }: Source): Generator<void, Composed> {
  const lines = new LineCounter();
  const document = yield* parseInSteps(text, lines);
  if (document.errors.length > 0) {
    throw new InputError(name, document.errors.map((error) => syntaxMistake(text, lines, error)));
  }
  yield;
  return { name, document, lines, raw: valueOf(document, name, lines) };
}

/** The other text has this key, and none besides. */
function withKey(own: unknown, { name, raw, document, lines }: Composed, key: string): unknown {
  const found = typeof raw === "object" && raw !== null ? Object.keys(raw) : [];
  const other = found.find((one) => one !== key);
  if (other !== undefined || !found.includes(key)) {
    const place = other === undefined
      ? placeOfValue(document, lines, [])
      : placeOfKey(document, lines, [], other);
    throw new InputError(name, [{
      ...place,
      message: `What is shared is "${key}", found ${
        other === undefined ? "none" : `"${other}"`
      }, use that alone`,
    }]);
  }
  return typeof own === "object" && own !== null ? { ...own, [key]: (raw as never)[key] } : own;
}

/** As parseDocument() of yaml does it at once. */
function* parseInSteps(text: string, lines: LineCounter): Generator<void, Document> {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  lines.addNewLine(0);
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (++count % STEP_LEXEMES === 0) yield;
  }
  tokens.push(...parser.end());
  yield;
  const [document, second] = new Composer({ merge: true }).compose(tokens, true, text.length);
  if (second !== undefined) {
    document!.errors.push(
      new YAMLParseError(
        [second.range[0], second.range[1]],
        "MULTIPLE_DOCS",
        "Source contains multiple documents",
      ),
    );
  }
  return document!;
}

/** Throws InputError for aliases and merge keys that stand for nothing, or for more than anybody writes. */
function valueOf(document: Document, file: string, lines: LineCounter): unknown {
  try {
    return document.toJS();
  } catch {
    throw new InputError(file, [aliasMistake(document, lines)]);
  }
}

/** What toJS() cannot resolve: it says what is wrong, but not where. */
function aliasMistake(document: Document, lines: LineCounter): Mistake {
  let unknown: { node: Node; name: string } | undefined;
  let last: Node | undefined;
  let merge: Node | undefined;
  visit(document, {
    Alias: (_, node) => {
      last = node;
      if (node.resolve(document) === undefined) unknown ??= { node, name: node.source };
    },
    Pair: (_, { key }) => {
      if (isScalar(key) && key.source === "<<") merge ??= key;
    },
  });
  const at = (node: Node | undefined) => placeOfOffset(lines, node?.range?.[0] ?? 0);
  if (unknown !== undefined) {
    const { node, name } = unknown;
    return { ...at(node), message: `The alias stands for nothing, found *${name}, put &${name} before it` };
  }
  // Aliases of aliases of aliases: ten short lines can stand for gigabytes.
  return merge === undefined
    ? {
      ...at(last),
      message: "The aliases stand for too much, found more than 100 copies, write less of them",
    }
    : {
      ...at(merge),
      message: "The merge key has no mapping, found another value, use an alias of a mapping",
    };
}

function syntaxMistake(text: string, lines: LineCounter, error: Document["errors"][number]): Mistake {
  const found = text.slice(error.pos[0], error.pos[0] + 20).split("\n")[0];
  const what = error.message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
  return { ...placeOfOffset(lines, error.pos[0]), message: `This is not YAML, found "${found}", ${what}` };
}

/** The value itself is as it should be, and something in it is not. */
function isWithin({ path, code }: z.core.$ZodIssue): boolean {
  return path.length > 0 || code === "unrecognized_keys";
}

function schemaMistakes(
  document: Document,
  lines: LineCounter,
  issue: z.core.$ZodIssue,
  format: Format<unknown>,
): Mistake[] {
  const { path } = issue;
  if (issue.code === "invalid_union") {
    // Of a value that may be written in two forms, the one that was meant begins to fit.
    const meant = issue.errors.find((issues) => issues.every(isWithin));
    if (meant !== undefined) {
      return meant.flatMap((inner) =>
        schemaMistakes(document, lines, { ...inner, path: [...path, ...inner.path] }, format)
      );
    }
  }
  if (issue.code === "unrecognized_keys") {
    const where = path.length === 0 ? "" : ` in ${describePath(path)}`;
    return issue.keys.map((key) => ({
      ...placeOfKey(document, lines, path, key),
      message: format.refusalOf?.(key) ??
        `Unknown key${where}, found "${key}", use ${keysAt(format.schema, path).join(", ")}`,
    }));
  }
  const state = path.length === 0 || document.hasIn(path as string[]) ? "wrong" : "missing";
  const message = `${describePath(path)} is ${state}, found ${
    describeValue(document, path)
  }, ${issue.message}`;
  return [{ ...placeOfValue(document, lines, path), message }];
}
