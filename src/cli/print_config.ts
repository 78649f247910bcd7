/** A configuration in full, as text for people: each section's keys in the order of their declaration, as a file has them. */

import type { Json, JsonMapping, PrintedConfig } from "../config/print.ts";
import { formatTable } from "./table.ts";
import { wrap } from "./wrap.ts";

/** As writtenConfig() gives them. */
export function describeConfig(
  dispatcher: JsonMapping,
  clusters: readonly JsonMapping[],
  { fleet, api }: Pick<PrintedConfig, "fleet" | "api">,
): string {
  return [
    describeSection("dispatcher", dispatcher),
    ...clusters.map(({ name = "", ...cluster }) => describeSection(`cluster ${describe(name)}`, cluster)),
    isMapping(fleet) ? describeSection("fleet", fleet) : `fleet  ${describe(fleet)}`,
    describeSection("api", api),
  ].join("\n\n");
}

function describeSection(title: string, section: JsonMapping): string {
  const width = Math.max(...Object.keys(section).map((key) => key.length));
  const lines = Object.entries(section).map(([key, value]) =>
    isTable(value)
      ? `  ${key}\n${indent(table(value), "    ")}`
      : `  ${key.padEnd(width)}  ${wrap(describe(value), " ".repeat(width + 4), /, /)}`
  );
  return [title, ...lines].join("\n");
}

/** On one line. */
function describe(value: Json): string {
  if (value === null) return "none";
  if (isList(value) && value.length === 0) return "none";
  if (isList(value)) return value.map(describe).join(", ");
  if (!isMapping(value)) return String(value);
  return Object.entries(value).map(([key, inner]) => `${key} ${describe(inner)}`).join(", ");
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isMapping(value: Json): value is JsonMapping {
  return typeof value === "object" && value !== null && !isList(value);
}

function isTable(value: Json): value is readonly JsonMapping[] {
  return isList(value) && value.length > 0 && value.every(isMapping);
}

function table(rows: readonly JsonMapping[]): string {
  const head = Object.keys(rows[0]!);
  return formatTable(
    head,
    rows.map((row) => head.map((key) => typeof row[key] === "number" ? row[key] : describe(row[key]!))),
  );
}

function indent(text: string, by: string): string {
  return text.replaceAll(/^/gm, by);
}
