/** What a zod schema says of the text that a person writes: which keys a mapping has, and what a value may be. */

import * as z from "zod";
import type { Path } from "./places.ts";

/** The schema of what is written, inside optional(), nullable(), default(), prefault() and what turns it into its meaning. */
export function writtenSchema(schema: unknown): unknown {
  let inner = schema;
  for (;;) {
    if (
      inner instanceof z.ZodOptional || inner instanceof z.ZodNullable || inner instanceof z.ZodDefault ||
      inner instanceof z.ZodPrefault
    ) {
      inner = inner.unwrap();
    } else if (inner instanceof z.ZodPipe) inner = inner.in;
    else return inner;
  }
}

/** The keys that may stand in the mapping at this path and mean something; none where there is no mapping. */
export function keysAt(schema: unknown, path: Path): string[] {
  let inner = writtenSchema(schema);
  for (const part of path) {
    if (inner instanceof z.ZodUnion) {
      inner = writtenSchema(inner.options[formOf(inner, typeof part === "number")]);
    }
    if (inner instanceof z.ZodObject) inner = writtenSchema(inner.shape[part as string]);
    else if (inner instanceof z.ZodArray) inner = writtenSchema(inner.element);
    else if (inner instanceof z.ZodTuple) inner = writtenSchema(inner.def.items[part as number]);
    else if (inner instanceof z.ZodRecord) inner = writtenSchema(inner.valueType);
  }
  if (inner instanceof z.ZodUnion) inner = writtenSchema(inner.options[formOf(inner, false)]);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.keys(inner.shape).filter((key) => !(writtenSchema(inner.shape[key]) instanceof z.ZodUnknown));
}

/** Of a value that may be written in two forms: the index of the one that is a list, or that is none; a mapping before a word. */
function formOf({ options }: z.ZodUnion, isList: boolean): number {
  const forms = options.map(writtenSchema);
  const mapping = forms.findIndex((form) => form instanceof z.ZodObject);
  return !isList && mapping >= 0 ? mapping : forms.findIndex((form) => form instanceof z.ZodArray === isList);
}

/** What a value may be, in words such as `a whole number from 1 to 100`: the remedy that a mistake would be answered with. */
export function takes(schema: z.ZodType): string {
  const remedy = schema.safeParse(Symbol("not in any file")).error?.issues[0]?.message ?? "anything";
  return remedy.replace(/^use /, "").replace(/^list /, "a list of ");
}
