/**
 * How a key is declared: everything about it in one place, from which come what a file may say, what it means, what `oneip check`
 * prints, the JSON Schema and docs/configuration.md.
 */

import * as z from "zod";
import type { Check } from "../input/contents.ts";
import { writtenSchema } from "../input/schema.ts";

/** What is to be known of a key besides its schema. */
export interface KeyFacts<As extends string> {
  /** Plain sentences, with units; and the RFC, where it has one. */
  readonly description: string;
  /** Values as they stand in a file; the first is shown in docs/configuration.md. */
  readonly examples?: readonly unknown[];
  /** What holds where the key is left out and has no default, in a word or two; `none` unless it is said. */
  readonly absent?: string;
  /** The name in the Config, where it is another one: with a unit, or in the plural. */
  readonly as?: As;
  /** It means something only where another key of the section has one of these values. */
  readonly only?: Only;
  /** Mistakes that the value does not show by itself. */
  readonly checks?: readonly Check[];
}

export interface Only {
  readonly key: string;
  readonly values: readonly string[];
}

declare const AS: unique symbol;

/** The schema of a key. For the type checker it carries the key's name in the Config; `never`: the one it has in a file. */
export type Key<Schema extends z.ZodType, As extends string> = Schema & { readonly [AS]?: As };

/** By the schema that key() gives. */
const facts = new WeakMap<z.ZodType, KeyFacts<string>>();

/** Declares a key of a section. */
export function key<Schema extends z.ZodType, const As extends string = never>(
  schema: Schema,
  about: KeyFacts<As>,
): Key<Schema, As> {
  const { description, examples = [] } = about;
  const declared = schema.meta({ description, ...(examples.length > 0 && { examples: [...examples] }) });
  facts.set(declared, about);
  return declared;
}

type Shape = Readonly<Record<string, z.ZodType>>;

type NameOf<Name, Schema> = Schema extends { readonly [AS]?: infer As }
  ? [As] extends [never] ? Name : As & string
  : never;

/** What a section means: each key by its name in the Config, undefined where an optional one is left out. */
type Meaning<Keys extends Shape> = {
  readonly [Name in keyof Keys as NameOf<Name, Keys[Name]>]: z.output<Keys[Name]>;
};

/** A mapping with these keys and no others. */
export function section<Keys extends Shape>(remedy: string, keys: Keys) {
  const mapping = z.strictObject(keys, remedy);
  const declared = keysOf(mapping) ?? [];
  return mapping.transform((written) => {
    const values = written as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      declared.map(({ name, nameInConfig }) => [nameInConfig, values[name]]),
    ) as Meaning<Keys>;
  });
}

/** What nobody may change, down to its last value. */
export type ReadonlyThrough<T> = T extends object ? { readonly [Name in keyof T]: ReadonlyThrough<T[Name]> }
  : T;

/** A declared key, for those who walk through the declarations. */
export interface DeclaredKey {
  readonly name: string;
  readonly nameInConfig: string;
  readonly schema: z.ZodType;
  readonly description: string;
  readonly examples: readonly unknown[];
  readonly absent: string;
  readonly only: Only | undefined;
  readonly checks: readonly Check[];
}

/** Does the key mean something in a section with these values? */
export function means({ only }: DeclaredKey, section: Readonly<Record<string, unknown>>): boolean {
  return only === undefined || only.values.includes(String(section[only.key]));
}

/** By section: they are looked up for each of perhaps thousands of backends. */
const declaredKeys = new WeakMap<z.ZodType, readonly DeclaredKey[]>();

/** The keys of a section in the order of their declaration; undefined for what is no section. */
export function keysOf(schema: z.ZodType): readonly DeclaredKey[] | undefined {
  const written = mappingOf(writtenSchema(schema));
  if (!(written instanceof z.ZodObject)) return undefined;
  const known = declaredKeys.get(written);
  if (known !== undefined) return known;
  const declared = Object.entries(written.shape as Shape).map(([name, schema]) => {
    const fact = facts.get(schema);
    const { as = name, description = "", examples = [], absent = "none", only, checks = [] } = fact ?? {};
    return { name, nameInConfig: as, schema, description, examples, absent, only, checks };
  });
  declaredKeys.set(written, declared);
  return declared;
}

/** Of a value that may also be written as a section, it is what the section is: both forms mean the same. */
function mappingOf(written: unknown): unknown {
  if (!(written instanceof z.ZodUnion)) return written;
  return written.options.filter((option) => option instanceof z.ZodPipe).map(writtenSchema)
    .find((form) => form instanceof z.ZodObject) ?? written;
}

/** What the items of a list are, which may be written without a list when it is one; undefined for what is no list. */
export function itemOf(schema: z.ZodType): z.ZodType | undefined {
  const written = writtenSchema(schema);
  if (written instanceof z.ZodUnion) return itemOf(written.options.at(-1) as z.ZodType);
  return written instanceof z.ZodArray ? written.element as z.ZodType : undefined;
}

/** The checks of all keys in a section and below. */
export function checksOf(schema: z.ZodType): Check[] {
  const keys = keysOf(itemOf(schema) ?? schema) ?? [];
  return keys.flatMap(({ schema, checks }) => [...checks, ...checksOf(schema)]);
}
