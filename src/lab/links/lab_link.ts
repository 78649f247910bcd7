/** What a test or a person does with a link while its lab is up. */

import { readFileSync } from "node:fs";
import type * as z from "zod";
import { UsageError } from "../../input/errors.ts";
import { keysAt } from "../../input/schema.ts";
import type { Counts } from "../../impairment/direction.ts";
import type { Settings } from "../../impairment/settings.ts";
import type { DirectionChanges, LinkChanges } from "./changes.ts";
import { changesSchema, type ParsedChanges, settingsFrom, toWritten } from "./keys.ts";
import type { DirectionState } from "./plan.ts";

/** How one direction of a link is now. */
export interface LinkDirection {
  /** The end that sends, `NODE:INTERFACE`. */
  readonly from: string;
  readonly to: string;
  /** As it would be written in a topology; what does no harm is left out. */
  readonly set: DirectionChanges;
  /** Of the frames since the lab came up, or since `seed` was set. */
  readonly counts: Readonly<Counts>;
  /** Frames that are under way. */
  readonly held: number;
  /** Frames that came faster than the link could carry them. They have no number, and nothing was decided about them. */
  readonly missed: number;
  /** Frames that the other end did not take, since its interface is down. */
  readonly untaken: number;
  /** Why decisions are no longer written to the log, such as a full disk. */
  readonly logFault?: string | undefined;
}

/** A link of a lab that does harm to what it carries, or can be told to. */
export class LabLink {
  /** `NODE:INTERFACE` of both. */
  readonly ends: readonly [string, string];
  readonly #folder: string;
  readonly #log: string | undefined;

  /** `folder`: the lab's. `log`: where its decisions are written. */
  constructor(ends: readonly [string, string], folder: string, log: string | undefined) {
    this.ends = ends;
    this.#folder = folder;
    this.#log = log;
  }

  /**
   * Changes what is named, in both directions or as `from` says, and leaves the rest as it is. It holds from the next frame on. A
   * `seed`, be it the same, begins with frame 0. Throws UsageError for what cannot be.
   *
   *     await link.set({ loss: "5%", from: { "client1:eth1": { delay: "50ms" } } });
   */
  async set(changes: LinkChanges): Promise<void> {
    const parsed = parseChanges(changes, this.ends);
    await this.#ask(Object.fromEntries(this.ends.map((end) => [end, settingsFrom(parsed, end)])));
  }

  /** Nothing gets through any more, though both ends keep their carrier. */
  cut(): Promise<void> {
    return this.set({ down: true });
  }

  /** Lets frames through again; all else stays as it is set. */
  heal(): Promise<void> {
    return this.set({ down: false });
  }

  /** How both directions are now. */
  async status(): Promise<readonly LinkDirection[]> {
    const directions = await this.#ask();
    return directions.map(({ settings, logFault, ...same }) => ({
      ...same,
      set: toWritten(settings),
      ...(logFault === undefined ? {} : { logFault }),
    }));
  }

  /** The lines of its log so far. Throws when the topology names no `log`. */
  async decisions(): Promise<string[]> {
    if (this.#log === undefined) {
      throw new UsageError(`The link of ${this.ends[0]} writes no log; add log: FILE to it in the topology`);
    }
    await this.#ask();
    return readFileSync(this.#log, "utf8").split("\n").filter((line) => line !== "");
  }

  async #ask(set: Readonly<Record<string, Partial<Settings>>> = {}): Promise<readonly DirectionState[]> {
    const { ask } = await import("./ask.ts");
    return await ask(this.#folder, { of: this.ends, set });
  }
}

/** Throws UsageError with all that is wrong. */
function parseChanges(changes: LinkChanges, ends: readonly string[]): ParsedChanges {
  const result = changesSchema.safeParse(changes);
  const mistakes = (result.error?.issues ?? []).map((issue) => describe(issue, changes));
  const from = typeof changes === "object" && changes !== null ? changes.from : undefined;
  for (const end of Object.keys(from ?? {})) {
    if (!ends.includes(end)) mistakes.push(`"from" is wrong, found "${end}", use ${ends.join(" or ")}`);
  }
  if (!result.success || mistakes.length > 0) throw new UsageError(mistakes.join("\n"));
  return result.data;
}

function describe(issue: z.core.$ZodIssue, changes: unknown): string {
  if (issue.code === "unrecognized_keys") {
    return `Unknown key, found "${issue.keys[0]}", use ${keysAt(changesSchema, issue.path).join(", ")}`;
  }
  const found = issue.path.reduce(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    changes,
  );
  return `"${issue.path.join(".")}" is wrong, found ${JSON.stringify(found)}, ${issue.message}`;
}
