/** Changes of a configuration, written into the text of its file. */

import type * as z from "zod";
import type { Config } from "../config/config.ts";
import { backend, cluster } from "../config/cluster.ts";
import { edited } from "../config/edit.ts";
import { loadTextInSteps } from "../config/load.ts";
import { type Json, type JsonMapping, writtenSection } from "../config/print.ts";
import { UsageError } from "../input/errors.ts";
import { finish } from "../table/steps.ts";
import { type ConfigChange, keyChangesBetween } from "./config_changes.ts";

/**
 * The text of a file that says what it says now, but for these changes. Throws UsageError where that cannot be written: it is read
 * again, and must differ from the text of before in these changes and nothing else.
 */
export function textWith(changes: readonly ConfigChange[], text: string, file: string): string {
  const before = configIn(text, file);
  const edits = changes.map((change) => ({ ...change, new: shortest(change, before) }));
  const next = edited(text, edits);
  if (JSON.stringify(keyChangesBetween(before, configIn(next, file))) === JSON.stringify(changes)) {
    return next;
  }
  throw new UsageError(`${file} cannot be written so that only this changes in it; edit it by hand`);
}

function configIn(text: string, file: string): Config {
  return finish(loadTextInSteps(text, file)).config;
}

/** Without what a file may leave out. */
function shortest({ backend: name, key, new: value }: ConfigChange, { dispatcher: { mtu } }: Config): Json {
  if (value === null) return null;
  const whole = withoutNulls(value);
  if (key !== null) return whole;
  const backendOf = (mapping: JsonMapping): JsonMapping => {
    const { mtu: own, ...rest } = withoutDefaults(backend, mapping, ["name", "address"]);
    return own === undefined || own === mtu ? rest : { ...rest, mtu: own };
  };
  if (name !== null) return backendOf(whole as JsonMapping);
  const { backends, ...rest } = withoutDefaults(cluster, whole as JsonMapping, [
    "name",
    "addresses",
    "backends",
  ]);
  return { ...rest, backends: (backends as readonly JsonMapping[]).map(backendOf) };
}

/** `needed`: the keys that every file has. */
function withoutDefaults(schema: z.ZodType, mapping: JsonMapping, needed: readonly string[]): JsonMapping {
  const least = Object.fromEntries(needed.map((key) => [key, mapping[key]]));
  const defaults = writtenSection(schema, schema.parse(least) as object);
  const isDefault = (key: string) => JSON.stringify(mapping[key]) === JSON.stringify(defaults[key]);
  return Object.fromEntries(
    Object.entries(mapping).filter(([key]) => needed.includes(key) || !isDefault(key)),
  );
}

function withoutNulls(value: Json): Json {
  return JSON.parse(JSON.stringify(value, (_, inner: Json) => inner === null ? undefined : inner)) as Json;
}
