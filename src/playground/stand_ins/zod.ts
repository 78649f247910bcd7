/**
 * For zod: the functions of zod/mini, which are the same schemas, with the methods on them by which src builds on. It is a third of the
 * size. What nothing in the page calls is not here.
 */

import * as mini from "zod/mini";
import { en } from "zod/v4/locales";

export {
  array,
  base64,
  boolean,
  codec,
  custom,
  discriminatedUnion,
  encode,
  enum,
  int,
  literal,
  looseObject,
  number,
  record,
  strictObject,
  string,
  tuple,
  union,
  unknown,
  ZodMiniArray as ZodArray,
  ZodMiniDefault as ZodDefault,
  ZodMiniNullable as ZodNullable,
  ZodMiniObject as ZodObject,
  ZodMiniOptional as ZodOptional,
  ZodMiniPipe as ZodPipe,
  ZodMiniPrefault as ZodPrefault,
  ZodMiniRecord as ZodRecord,
  ZodMiniTuple as ZodTuple,
  ZodMiniType as ZodType,
  ZodMiniUnion as ZodUnion,
  ZodMiniUnknown as ZodUnknown,
} from "zod/mini";

mini.config(en());

// A schema of any kind: who uses one sees zod's own types, and not these.
// deno-lint-ignore no-explicit-any
type Schema = any;
type Method = (schema: Schema, ...given: Schema[]) => unknown;

/** What each schema has. */
const METHODS: Readonly<Record<string, Method>> = {
  default: mini._default,
  extend: mini.extend,
  max: (schema, most, ...remedy) =>
    schema.check((schema.type === "number" ? mini.maximum : mini.maxLength)(most, ...remedy)),
  // It is for documents.
  meta: (schema) => schema.clone(),
  min: (schema, least, ...remedy) =>
    schema.check((schema.type === "number" ? mini.minimum : mini.minLength)(least, ...remedy)),
  optional: mini.optional,
  overwrite: (schema, change) => schema.check(mini.overwrite(change)),
  prefault: mini.prefault,
  refine: (schema, ...how) => schema.check(mini.refine(...how as [Schema])),
  regex: (schema, ...how) => schema.check(mini.regex(...how as [Schema])),
  superRefine: (schema, how) => schema.check(mini.superRefine(how)),
  transform: (schema, change) => mini.pipe(schema, mini.transform(change)),
  unwrap: (schema) => schema.def.innerType,
};

// zod itself binds what stands in this prototype to each schema.
for (const [name, method] of Object.entries(METHODS)) {
  (mini.ZodMiniType.prototype as Schema)[name] = function (this: Schema, ...given: Schema[]) {
    return method(this, ...given);
  };
}

/** What one sees of its definition, by the kind of schema. */
const SEEN: readonly (readonly [kind: { readonly prototype: object }, name: string])[] = [
  [mini.ZodMiniArray, "element"],
  [mini.ZodMiniPipe, "in"],
  [mini.ZodMiniRecord, "valueType"],
  [mini.ZodMiniUnion, "options"],
];

for (const [{ prototype }, name] of SEEN) {
  Object.defineProperty(prototype, name, {
    get(this: Schema) {
      return this.def[name];
    },
  });
}
