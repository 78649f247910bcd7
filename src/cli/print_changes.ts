/** What changes between two configurations, as text for people: a line for each key. */

import type { Difference } from "../api/difference.ts";
import type { ConfigChange, ConfigChanges } from "../cluster/config_changes.ts";
import type { Json } from "../config/print.ts";
import type { Drained } from "../engine/commanded.ts";

export function describeChanges({ changes, moving }: ConfigChanges): string {
  if (changes.length === 0) return "Nothing changes.";
  const shares = moving.map(({ cluster, share }) =>
    `cluster ${cluster}: ${(100 * share).toFixed(1)} % of its clients move to another backend`
  );
  return [changes.map(describeChange).join("\n"), ...(shares.length > 0 ? [shares.join("\n")] : [])].join(
    "\n\n",
  );
}

/** From what the file says to what runs. */
export function describeDifference({ file, changes, drained }: Difference): string {
  if (changes.length + drained.length === 0) return `The dispatcher runs as ${file} says.`;
  return [
    `${file} -> what runs`,
    [...changes.map(describeChange), ...drained.map(describeDrained)].join("\n"),
  ]
    .join("\n\n");
}

/** `before`: the file with the text of before. */
export function describeSaved(
  { file, before, changes, drained }: Difference & { readonly before: string | null },
): string {
  return [
    ...(before === null
      ? [`There was nothing to write: ${file} says what runs.`]
      : [changes.map(describeChange).join("\n"), `${file} says so now. The text of before is in ${before}.`]),
    ...(drained.length === 0 ? [] : [
      `${
        drained.map(describeDrained).join("\n")
      }\nNo file can say that: after a start, each serves again. In the file "weight: 0" drains.`,
    ]),
  ].join("\n\n");
}

function describeDrained({ cluster, backend, state }: Drained): string {
  return `cluster ${cluster}, backend ${backend}: ${
    state === "draining" ? "drained" : "taken down"
  } by command`;
}

function describeChange({ cluster, backend, key, old, new: now }: ConfigChange): string {
  if (cluster === null && /^(fleet|api)\b/.test(key ?? "")) {
    return `${key}: ${describe(old)} -> ${describe(now)}`;
  }
  const place = cluster === null
    ? "dispatcher"
    : `cluster ${cluster}${backend === null ? "" : `, backend ${backend}`}`;
  if (key === null) return `${place}: ${old === null ? `added, with ${describeWhole(now)}` : "taken away"}`;
  return `${place}: ${key} ${describe(old)} -> ${describe(now)}`;
}

/** What tells a backend or a cluster from others. */
function describeWhole(value: Json): string {
  const { address, weight, addresses, backends } = value as { readonly [key: string]: Json };
  if (address !== undefined) return `address ${describe(address)}, weight ${describe(weight!)}`;
  const names = (backends as readonly { readonly name: string }[]).map(({ name }) => name);
  return `addresses ${describe(addresses!)}, backends ${describe(names)}`;
}

function describe(value: Json): string {
  if (value === null || Array.isArray(value) && value.length === 0) return "none";
  if (Array.isArray(value)) return value.map(describe).join(", ");
  return typeof value === "object" ? JSON.stringify(value, withoutNulls) : String(value);
}

function withoutNulls(_: string, value: Json): Json | undefined {
  return value === null ? undefined : value;
}
