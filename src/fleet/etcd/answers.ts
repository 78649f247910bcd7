/**
 * What etcd's JSON gateway answers (etcd 3.4 and later, `/v3`): whole numbers of 64 bits stand as text, keys and values in base64, and
 * what is 0, false or empty is left out.
 */

import * as z from "zod";

/** 64 bits: a revision is far from what a number can hold exactly; the id of a lease is not, and stays text. */
const int64 = z.string().regex(/^-?\d{1,19}$/).default("0").transform(Number);

const id = z.string().regex(/^-?\d{1,19}$/);

const text = z.base64().default("").transform((octets) => Buffer.from(octets, "base64").toString());

const header = z.object({ revision: int64 });

const keyValue = z.object({
  key: text,
  value: text,
  mod_revision: int64,
  lease: id.default("0"),
});

const range = z.object({ kvs: z.array(keyValue).default([]) });

/** A key, what it holds, and at which revision that was written. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
  /** `0`: none. */
  readonly lease: string;
}

const entries = ({ kvs }: z.output<typeof range>): KeyValue[] =>
  kvs.map(({ key, value, mod_revision, lease }) => ({ key, value, revision: mod_revision, lease }));

/** A compare that fails leaves out `succeeded`. */
export const transaction = z.object({
  header,
  succeeded: z.boolean().default(false),
  responses: z.array(z.object({ response_range: range.optional() })).default([]),
}).transform(({ header, succeeded, responses }) => ({
  revision: header.revision,
  succeeded,
  /** Of each range that was asked for, in order. */
  ranges: responses.flatMap(({ response_range }) =>
    response_range === undefined ? [] : [entries(response_range)]
  ),
}));

export const lease = z.object({ ID: id });

/** A lease that is over has no time left. */
export const keptAlive = z.object({ result: z.object({ TTL: int64 }) });

export const authenticated = z.object({ token: z.string().min(1) });

/** One line of a watch. */
export const watched = z.object({
  result: z.object({
    canceled: z.boolean().default(false),
    cancel_reason: z.string().optional(),
    compact_revision: int64,
    events: z.array(z.unknown()).default([]),
  }).optional(),
  error: z.unknown().optional(),
});

/** The code is one of gRPC's. */
export const refusal = z.object({ code: z.int(), message: z.string() });
