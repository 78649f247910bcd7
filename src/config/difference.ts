/** In what two configurations differ. */

import type { Config } from "./config.ts";
import { configData, type Json } from "./print.ts";

/** The places, as `clusters[0].backends[1].address`, in the order of the file. */
export function differencesOf(one: Config, other: Json): string[] {
  return differ(configData(one) as unknown as Json, other, "");
}

function differ(one: Json | undefined, other: Json | undefined, place: string): string[] {
  if (!isObject(one) || !isObject(other) || Array.isArray(one) !== Array.isArray(other)) {
    return one === other ? [] : [place];
  }
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap((name) =>
    differ(
      (one as Readonly<Record<string, Json>>)[name],
      (other as Readonly<Record<string, Json>>)[name],
      Array.isArray(one) ? `${place}[${name}]` : place === "" ? name : `${place}.${name}`,
    )
  );
}

function isObject(value: Json | undefined): value is Extract<Json, object> {
  return typeof value === "object" && value !== null;
}
