/** A configuration in full, as `oneip check` prints it: every key that is declared, with what it has come to. */

import * as z from "zod";
import { type Config, configuration } from "./config.ts";
import { type DeclaredKey, itemOf, keysOf, means } from "./key.ts";

/** Anything that JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | JsonMapping;
export type JsonMapping = { readonly [key: string]: Json };

export interface PrintedConfig {
  readonly dispatcher: JsonMapping;
  readonly clusters: readonly (JsonMapping & { readonly backends: readonly JsonMapping[] })[];
  /** A word for none, or null as data. */
  readonly fleet: Json;
  readonly api: JsonMapping;
}

/** How names and values are printed. */
interface Style {
  name(key: DeclaredKey): string;
  /** Undefined: it is left out here, too. */
  absent(key: DeclaredKey): Json | undefined;
  /** Of `value`, and what a file would say for it. */
  value(value: unknown, written: unknown): unknown;
}

const AS_WRITTEN: Style = {
  name: ({ name }) => name,
  absent: ({ absent }) => absent,
  value: (_, written) => written,
};

const AS_FILE: Style = { ...AS_WRITTEN, absent: () => undefined };

const AS_WRITTEN_OR_NULL: Style = { ...AS_WRITTEN, absent: () => null };

/** A duration stays the number of milliseconds that its name speaks of. */
const AS_DATA: Style = {
  name: ({ nameInConfig }) => nameInConfig,
  absent: () => null,
  value: (value, written) => typeof value === "number" && typeof written === "string" ? value : written,
};

/** Names and values as in a file, and words for what is left out and has no default. */
export function writtenConfig(config: Config): PrintedConfig {
  return print(configuration, config, AS_WRITTEN) as unknown as PrintedConfig;
}

/** What a file would say for it, with each default. */
export function configFile(config: Config): PrintedConfig {
  return print(configuration, config, AS_FILE) as unknown as PrintedConfig;
}

/** Names and values as in a file, and null for what is left out, of one section of a Config. */
export function writtenSection(schema: z.ZodType, section: object): JsonMapping {
  return print(schema, section, AS_WRITTEN_OR_NULL) as JsonMapping;
}

/** Names and numbers as in the Config, other values as in a file; null for what is left out. */
export function configData(config: Config): PrintedConfig {
  return print(configuration, config, AS_DATA) as unknown as PrintedConfig;
}

function print(schema: z.ZodType, value: unknown, style: Style): Json {
  const item = itemOf(schema);
  if (item !== undefined) return (value as readonly unknown[]).map((one) => print(item, one, style));
  const keys = keysOf(schema);
  if (keys === undefined) return style.value(value, z.encode(schema, value)) as Json;
  const mapping = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    keys.filter((key) => means(key, mapping)).map((key) => {
      const inner = mapping[key.nameInConfig];
      return [style.name(key), inner === undefined ? style.absent(key) : print(key.schema, inner, style)];
    }).filter(([, value]) => value !== undefined),
  ) as JsonMapping;
}
