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
  /** Mistakes that the value does not show by itself. */
  readonly checks?: readonly Check[];
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

/** A declared key, for those who walk through the declarations. */
export interface DeclaredKey {
  readonly name: string;
  readonly nameInConfig: string;
  readonly schema: z.ZodType;
  readonly description: string;
  readonly examples: readonly unknown[];
  readonly absent: string;
  readonly checks: readonly Check[];
}

/** The keys of a section in the order of their declaration; undefined for what is no section. */
export function keysOf(schema: z.ZodType): DeclaredKey[] | undefined {
  const written = writtenSchema(schema);
  if (!(written instanceof z.ZodObject)) return undefined;
  return Object.entries(written.shape as Shape).map(([name, schema]) => {
    const { as = name, description = "", examples = [], absent = "none", checks = [] } = facts.get(schema) ??
      {};
    return { name, nameInConfig: as, schema, description, examples, absent, checks };
  });
}

/** What the items of a list are; undefined for what is no list. */
export function itemOf(schema: z.ZodType): z.ZodType | undefined {
  const written = writtenSchema(schema);
  return written instanceof z.ZodArray ? written.element as z.ZodType : undefined;
}

/** The checks of all keys in a section and below. */
export function checksOf(schema: z.ZodType): Check[] {
  const keys = keysOf(itemOf(schema) ?? schema) ?? [];
  return keys.flatMap(({ schema, checks }) => [...checks, ...checksOf(schema)]);
}
