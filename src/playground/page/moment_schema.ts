/**
 * What a moment may be that comes from elsewhere: its shape, and bounds for what costs time or memory. Whether there is such a node, address or
 * backend the world itself says, in its own words.
 */

import * as z from "zod";
import type { Settings } from "../../impairment/settings.ts";
import type { Action, OfEtcd } from "../../sim/action.ts";
import type { SceneEtcd, SceneNode } from "../../sim/scene.ts";

/** A world is made again up to the moment, while one waits. */
export const MOST_US = 24 * 3_600_000_000;
export const MOST_ACTIONS = 10_000;
const MOST_NODES = 1000;
const MOST_LINKS = 4000;
/** Of a request, a datagram, an answer. */
const MOST_OCTETS = 10_000_000;
const MOST_DELAY_US = 600_000_000;

const text = z.string();
const texts = z.array(text);
const share = z.number().min(0).max(1);
const delayUs = z.int().min(0).max(MOST_DELAY_US);
const timeUs = z.int().min(0).max(MOST_US);

const settings = z.strictObject({
  delayUs: delayUs.optional(),
  jitterUs: delayUs.optional(),
  loss: share.optional(),
  duplicate: share.optional(),
  reorder: share.optional(),
  corrupt: share.optional(),
  rate: z.number().min(0).max(1e12).optional(),
  queue: z.int().min(0).max(100_000).optional(),
  seed: z.int().optional(),
  down: z.union([z.boolean(), z.tuple([timeUs, timeUs])]).optional(),
});

const port = {
  addresses: texts,
  mac: text.optional(),
  mtu: z.int().min(68).max(65_535).optional(),
};
const servers = z.array(
  z.strictObject({ protocol: z.enum(["tcp", "udp"]), port: z.int().min(1).max(65_535) }),
).optional();

const node = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("switch") }),
  z.strictObject({
    kind: z.literal("router"),
    ports: z.record(text, z.strictObject(port)),
    routes: z.array(z.strictObject({ to: text, via: texts })).optional(),
  }),
  z.strictObject({ kind: z.enum(["client", "host"]), ...port, gateways: texts.optional(), servers }),
  z.strictObject({
    kind: z.literal("backend"),
    ...port,
    gateways: texts.optional(),
    loopback: texts,
    isSilent: z.boolean().optional(),
    servers,
    filter: z.strictObject({ config: text, cluster: text, backend: text.optional() }).optional(),
  }),
  z.strictObject({ kind: z.literal("dispatcher"), config: text, isOff: z.boolean().optional() }),
]);

const scene = z.strictObject({
  seed: z.int(),
  files: z.record(text, text),
  nodes: z.record(text, node).refine((nodes) => Object.keys(nodes).length <= MOST_NODES),
  links: z.array(
    z.strictObject({ ends: z.tuple([text, text]), name: text.optional(), settings: settings.optional() }),
  ).max(MOST_LINKS),
});

/** Of all kinds of actions: the world knows which has what. */
const action = z.strictObject({
  do: text,
  node: text.optional(),
  link: text.optional(),
  client: text.optional(),
  from: text.optional(),
  to: text.optional(),
  name: text.optional(),
  backend: text.optional(),
  cluster: text.optional(),
  technique: z.enum(["route", "broadcast"]).optional(),
  config: text.optional(),
  mac: text.optional(),
  addresses: texts.optional(),
  settings: settings.optional(),
  port: z.union([text, z.int().min(0).max(65_535)]).optional(),
  mtu: z.int().min(68).max(65_535).optional(),
  weight: z.number().optional(),
  ttl: z.int().min(0).max(255).optional(),
  ms: z.number().min(-1e12).max(1e12).optional(),
  rate: z.number().min(0.5).max(2).optional(),
  everyMs: z.number().min(0).max(1e9).optional(),
  octets: z.int().min(0).max(MOST_OCTETS).optional(),
  answer: z.int().min(0).max(MOST_OCTETS).optional(),
  heldBack: z.int().min(0).max(MOST_OCTETS).optional(),
  isOpen: z.boolean().optional(),
  isSilent: z.boolean().optional(),
  isWhole: z.boolean().optional(),
  mayFragment: z.boolean().optional(),
});

const word = z.string().regex(/^[\w.-]{1,20}$/);
const made = z.strictObject({ by: word, outcome: word });

export const momentSchema = z.strictObject({
  scene,
  schedule: z.array(z.strictObject({ atUs: timeUs, action })).max(MOST_ACTIONS),
  atUs: timeUs,
  lesson: text.optional(),
  made: made.optional(),
});

/** Of a moment whatever else it has. */
export const madeSchema = z.looseObject({ made });

/** What a scene or an action has and these schemas have not is a mistake for the type checker. The page has no etcd. */
type KeysOf<T> = T extends T ? keyof T : never;
type Lacking =
  | Exclude<keyof Settings, KeysOf<z.output<typeof settings>>>
  | Exclude<KeysOf<Exclude<SceneNode, SceneEtcd>>, KeysOf<z.output<typeof node>>>
  | Exclude<KeysOf<Exclude<Action, OfEtcd>>, KeysOf<z.output<typeof action>>>;
true satisfies [Lacking] extends [never] ? true : Lacking;
