/**
 * Replies of BIRD's control socket, as its nest/cli.c has them: lines with a code of four digits.
 *
 *     1002-oneip_web_ipv4 Static     master4    up     15:39:33.536       "-": more lines follow
 *      oneip_web_ipv6 Static     master6    down   15:39:33.636           a space: the same code as in the line before
 *     0000                                                                a space behind the code: this was the last line
 *     +...                                                                said unasked, between replies
 *
 * Codes 0000 to 0999: done; 1000 to 2999: a table; 8000 to 9999: refused.
 */

export interface ReplyLine {
  readonly code: number;
  readonly text: string;
}

/** A reply takes so many octets at most: that is ten times what the largest configuration has. */
export const MOST_OCTETS = 1_000_000;

/** Of nonsense, in an error. */
const SHOWN = 60;

/** It does not speak as BIRD does. */
export class NonsenseError extends Error {
  override name = "NonsenseError";
}

export class ReplyReader {
  #rest = "";
  #octets = 0;
  #lines: ReplyLine[] = [];

  /** The replies that are whole by now. Throws NonsenseError where this is no reply of BIRD's; then nothing more can be read. */
  add(text: string): ReplyLine[][] {
    this.#octets += text.length;
    if (this.#octets > MOST_OCTETS) throw new NonsenseError(`a reply has more than ${MOST_OCTETS} octets`);
    const replies: ReplyLine[][] = [];
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith("+")) continue;
      if (!this.#take(line)) continue;
      replies.push(this.#lines);
      this.#lines = [];
      this.#octets = this.#rest.length;
    }
    return replies;
  }

  /** Is the reply whole with this line? */
  #take(line: string): boolean {
    const before = this.#lines.at(-1);
    if (line.startsWith(" ") && before !== undefined) {
      this.#lines.push({ code: before.code, text: line.slice(1) });
      return false;
    }
    const [, code, mark, text = ""] = /^(\d{4})([ -])(.*)$/.exec(line) ?? [];
    if (code === undefined) throw new NonsenseError(`"${line.slice(0, SHOWN)}" is no reply of BIRD's`);
    this.#lines.push({ code: Number(code), text });
    return mark === " ";
  }
}
