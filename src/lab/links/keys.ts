/**
 * What a link does to its frames, as it is written: the keys of a topology's link, of `lab.link(...).set({...})` and, with dashes,
 * of `oneip lab link`. Each key stands for both directions, or under `from` for what one end sends:
 *
 *     links:
 *       - endpoints: ["a:eth1", "b:eth1"]
 *         delay: 20ms
 *         from: {"a:eth1": {loss: 5%}}
 */

import * as z from "zod";
import { HARMLESS, type Settings } from "../../impairment/settings.ts";
import type { DirectionChanges, LinkChanges } from "./changes.ts";
import * as values from "./values.ts";

/** Texts, or for 0 the number as well, to what they mean. */
function written(parse: (text: string) => number | undefined, remedy: string) {
  return z.union([z.string(), z.number()], remedy).transform((value, context) => {
    const parsed = parse(String(value));
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: "custom", message: remedy });
    return z.NEVER;
  });
}

const time = written(values.parseTime, values.TIME_REMEDY);
const share = written(values.parseShare, values.SHARE_REMEDY);

const LONGEST_QUEUE = 100_000;
const LARGEST_SEED = 2 ** 32 - 1;

function whole(most: number) {
  const remedy = `use a whole number from 0 to ${most.toLocaleString("en")}`;
  return z.int(remedy).min(0, remedy).max(most, remedy);
}

const downRemedy = "use two times such as [2s, 3s], or true while nothing gets through";
const windowRemedy = "use a later time than the first";

/** Of one direction. */
const directionKeys = {
  delay: time.optional(),
  jitter: time.optional(),
  loss: share.optional(),
  duplicate: share.optional(),
  reorder: share.optional(),
  corrupt: share.optional(),
  rate: written(values.parseRate, values.RATE_REMEDY).optional(),
  queue: whole(LONGEST_QUEUE).optional(),
  seed: whole(LARGEST_SEED).optional(),
  down: z.union([
    z.boolean(downRemedy),
    z.tuple([time, time], downRemedy).refine(([from, until]) => from < until, {
      path: [1],
      message: windowRemedy,
    }),
  ], downRemedy).optional(),
};

const directionRemedy = 'use a mapping such as {"client1:eth1": {loss: 1%}}';

/** Of a link, as far as it can change while it is up. */
export const changeKeys = {
  ...directionKeys,
  from: z.record(
    z.string(),
    z.strictObject(directionKeys, "use a mapping such as {loss: 1%}"),
    directionRemedy,
  ).optional(),
};

export const changesSchema = z.strictObject(
  changeKeys,
  "use a mapping such as {loss: 1%}",
) satisfies z.ZodType<
  unknown,
  LinkChanges
>;

const fileRemedy = "use the path of a file";

/** Of a link in a topology, beside its endpoints. */
export const linkKeys = {
  ...changeKeys,
  log: z.string(fileRemedy).min(1, fileRemedy).optional(),
  playback: z.string(fileRemedy).min(1, fileRemedy).optional(),
};

/** What it means, where it is right. */
export type ParsedChanges = z.output<typeof changesSchema>;

type ParsedDirection = z.output<z.ZodObject<typeof directionKeys>>;

/** What is set for the frames that `from` sends, which nothing else is said of. */
export function settingsFrom({ from: one, ...both }: ParsedChanges, from: string): Partial<Settings> {
  return toSettings({ ...both, ...one?.[from] });
}

/** The names that the settings have inside. */
function toSettings({ delay, jitter, down, ...same }: ParsedDirection): Partial<Settings> {
  const settings = { ...same, delayUs: delay, jitterUs: jitter, down };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** As they would be written, without what does no harm. */
export function toWritten(settings: Settings): DirectionChanges {
  const { delayUs, jitterUs, loss, duplicate, reorder, corrupt, rate, queue, seed, down } = settings;
  return {
    ...(delayUs > 0 ? { delay: values.formatTime(delayUs) } : {}),
    ...(jitterUs > 0 ? { jitter: values.formatTime(jitterUs) } : {}),
    ...(loss > 0 ? { loss: values.formatShare(loss) } : {}),
    ...(duplicate > 0 ? { duplicate: values.formatShare(duplicate) } : {}),
    ...(reorder > 0 ? { reorder: values.formatShare(reorder) } : {}),
    ...(corrupt > 0 ? { corrupt: values.formatShare(corrupt) } : {}),
    ...(rate > 0 ? { rate: values.formatRate(rate) } : {}),
    ...(queue === HARMLESS.queue ? {} : { queue }),
    ...(seed > 0 ? { seed } : {}),
    ...(down === false
      ? {}
      : { down: down === true ? down : [values.formatTime(down[0]), values.formatTime(down[1])] }),
  };
}
