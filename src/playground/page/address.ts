/**
 * A moment of a world as the part of an address behind `#`, which a browser sends to nobody: whoever opens it sees the same moment, for the
 * world is made from the same scene and what was done in it is done again.
 *
 *     #1/eNptkEEKwjAQRa8i...
 *      | a moment as JSON, deflated with a checksum (RFC 1950), in base64url
 *      the version of this format
 *
 * Another version of oneip may make something else of the same actions. So the moment says what came of them and by which version, and
 * whoever opens it is told only when it is not the same (session.ts).
 */

import type { Scheduled } from "../../sim/action.ts";
import type { Scene } from "../../sim/scene.ts";
import { VERSION } from "../../system/version.ts";
import { madeSchema, momentSchema } from "./moment_schema.ts";

export interface Moment {
  readonly scene: Scene;
  /** What was done until then, and when; the first one first. */
  readonly schedule: readonly Scheduled[];
  readonly atUs: number;
  /** The lesson to which it belongs. */
  readonly lesson?: string;
  /** By which version of oneip, and what came of it (chronicle.ts). */
  readonly made?: { readonly by: string; readonly outcome: string };
}

/** Why an address says no moment, and what would help. */
export interface Problem {
  readonly problem: string;
}

/** Another one is another way to write a moment. What is only new in a moment leaves it as it is. */
const FORMAT = "1";

/** Characters behind the version. What people send each other has less; browsers take more. */
export const MOST_CHARACTERS = 65_536;

/** Of JSON. */
export const MOST_OCTETS = 1_048_576;

const LONG = "The moment is too long for an address, with its configuration and all that was done";
export const DAMAGED =
  "This address is damaged: a part of it is missing or was changed; ask for it again, whole";

/** With the `#`. Throws RangeError where the moment is too long. */
export async function writeAddress(moment: Moment): Promise<string> {
  const octets = new TextEncoder().encode(JSON.stringify(moment));
  const text = textOf(await whole(through(octets, new CompressionStream("deflate")), Infinity));
  if (octets.length > MOST_OCTETS || text.length > MOST_CHARACTERS) throw new RangeError(LONG);
  return `#${FORMAT}/${text}`;
}

/** `hash`: as `location.hash` has it. Undefined where it says nothing. Throws nothing. */
export async function readAddress(hash: string): Promise<Moment | Problem | undefined> {
  const said = hash.replace(/^#/, "");
  if (said === "") return undefined;
  const [, format, text] = /^([\w.-]{1,20})\/([\w-]+)$/.exec(said) ?? [];
  if (format === undefined || text === undefined) return { problem: DAMAGED };
  if (format !== FORMAT) {
    return {
      problem:
        `This address is written in format ${format}, and this page, of oneip ${VERSION}, reads format ${FORMAT}; ` +
        "open it in a page of the oneip that wrote it",
    };
  }
  if (text.length > MOST_CHARACTERS) return { problem: `This address is longer than any of this page's` };
  try {
    const inflated = await whole(
      through(octetsOf(text), new DecompressionStream("deflate")),
      MOST_OCTETS,
    );
    const said: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(inflated));
    const { data } = momentSchema.safeParse(said);
    return data === undefined ? { problem: problemOf(said) } : data as Moment;
  } catch {
    return { problem: DAMAGED };
  }
}

/** It has what this page does not know: of a later oneip, or changed. */
function problemOf(said: unknown): string {
  const { data } = madeSchema.safeParse(said);
  const by = data?.made.by ?? VERSION;
  return by === VERSION
    ? DAMAGED
    : `This address is from oneip ${by}, and has something in it that this page, of oneip ${VERSION}, does not know; ` +
      `open it in a page of oneip ${by}`;
}

type Codec = CompressionStream | DecompressionStream;

function through(octets: Uint8Array<ArrayBuffer>, codec: Codec): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([octets]).stream().pipeThrough(codec);
}

/** Throws RangeError when there are more than `most`, and reads no further. */
async function whole(stream: ReadableStream<Uint8Array<ArrayBuffer>>, most: number): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    parts.push(read.value);
    length += read.value.length;
    if (length > most) {
      void reader.cancel();
      throw new RangeError(`more than ${most} octets`);
    }
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** RFC 4648 section 5, without padding. */
function textOf(octets: Uint8Array): string {
  let latin1 = "";
  for (const octet of octets) latin1 += String.fromCharCode(octet);
  return btoa(latin1).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function octetsOf(text: string): Uint8Array<ArrayBuffer> {
  const latin1 = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(latin1, (character) => character.charCodeAt(0));
}
