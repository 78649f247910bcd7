/**
 * What a server says to a request, read as it comes. The backend names itself by a header, else by the first line of the body; a server
 * that speaks no HTTP, by its first line, its banner.
 */

/** Octets that are kept: of a header what every server stays below. */
const MOST = 16_384;
/** Octets that are read of a body whose end is not told. */
const MOST_BODY = 65_536;
/** Of a backend's name. */
const MOST_NAME = 64;

/** The backend, null where it does not say; or why it is no answer. */
export type Judgement = { readonly backend: string | null } | { readonly failure: string };

export class AnswerReader {
  readonly #header: string;
  #text = "";
  #read = 0;

  /** `header`: that names the backend. */
  constructor(header: string) {
    this.#header = header.toLowerCase();
  }

  /** Some of it. What it comes to, as soon as that is known. */
  add(chunk: Uint8Array): Judgement | undefined {
    this.#read += chunk.length;
    if (this.#text.length < MOST) this.#text += latin1(chunk.subarray(0, MOST - this.#text.length));
    if (!"HTTP/".startsWith(this.#text.slice(0, 5))) {
      return this.#text.includes("\n") || this.#text.length >= MOST ? named(this.#text) : undefined;
    }
    const head = this.#head;
    if (head === undefined) {
      return this.#text.length < MOST ? undefined : { failure: "a header that does not end" };
    }
    const body = this.#read - head.length;
    return body >= Math.min(head.expected ?? Infinity, MOST_BODY) ? this.#judge(head) : undefined;
  }

  /** The server has closed the connection: what that comes to. */
  end(): Judgement {
    if (this.#text === "") return { failure: "closed without an answer" };
    if (!"HTTP/".startsWith(this.#text.slice(0, 5))) return named(this.#text);
    const head = this.#head;
    if (head === undefined) return { failure: "closed in the middle of its answer" };
    const body = this.#read - head.length;
    if (body >= (head.expected ?? 0)) return this.#judge(head);
    return { failure: "closed in the middle of its answer" };
  }

  get #head(): Head | undefined {
    const end = this.#text.indexOf("\r\n\r\n");
    return end < 0 ? undefined : headOf(this.#text.slice(0, end), end + 4);
  }

  #judge({ status, fields, length }: Head): Judgement {
    if (status >= 400) return { failure: `status ${status}` };
    const name = fields.get(this.#header);
    return name === undefined ? named(this.#text.slice(length)) : named(name);
  }
}

interface Head {
  readonly status: number;
  /** By name in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  /** Octets, with the empty line. */
  readonly length: number;
  /** Octets of the body, where they are told. */
  readonly expected: number | undefined;
}

function headOf(text: string, length: number): Head {
  const [first = "", ...lines] = text.split("\r\n");
  const fields = new Map(lines.map((line) => {
    const at = line.indexOf(":");
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  }));
  const expected = fields.get("content-length");
  return {
    status: Number(first.split(" ")[1]),
    fields,
    length,
    expected: expected === undefined ? undefined : Number(expected),
  };
}

/** Its first line, without what a terminal would obey. */
function named(text: string): Judgement {
  // deno-lint-ignore no-control-regex
  const line = text.split("\n", 1)[0]!.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, "").trim().slice(0, MOST_NAME);
  return { backend: line === "" ? null : line };
}

function latin1(octets: Uint8Array): string {
  return String.fromCharCode(...octets);
}
