/**
 * What was seen on the links of a world: the latest frames, with their octets, and what a dispatcher decided of them. It is the only
 * memory of the page; whatever is drawn of frames is a question to it, so that a moment looks the same forwards and backwards.
 */

/** Frames that are kept. */
const MOST = 8192;
/** Octets of a frame that are kept: enough for all headers, and for what an error quotes. */
const MOST_OCTETS = 2048;

export interface Crossing {
  /** Counts all frames of the world. */
  readonly number: number;
  /** The link's name, and the machines at its ends. */
  readonly link: string;
  readonly from: string;
  readonly to: string;
  readonly sentUs: number;
  /** When it arrives; Infinity while that is open, and for one that does not. */
  readonly arrivesUs: number;
  /** What the link takes as a rule. */
  readonly usualUs: number;
  /** `passed`, or what became of it on its way. */
  readonly fate: string;
  /** Of what was sent, which may be longer. */
  readonly octets: Uint8Array;
  readonly length: number;
  /** What the dispatcher at the end decided of it: the name of a verdict. */
  verdict: string | undefined;
  /** The MAC that it went on to from there, with what the dispatcher changed. */
  onward: string | undefined;
}

export class Recording {
  /** The oldest first. */
  readonly #crossings: Crossing[] = [];
  #count = 0;
  #longestUs = 0;

  /** No frame was on its link for longer than this. */
  get longestUs(): number {
    return this.#longestUs;
  }

  /** Of all, also of those that are no longer kept. */
  get count(): number {
    return this.#count;
  }

  add(crossing: Omit<Crossing, "number" | "octets" | "verdict" | "onward">, octets: Uint8Array): Crossing {
    const kept = octets.slice(0, Math.min(crossing.length, MOST_OCTETS));
    const added = { ...crossing, number: this.#count++, octets: kept, verdict: undefined, onward: undefined };
    this.#crossings.push(added);
    this.#longestUs = Math.max(this.#longestUs, endOf(added) - added.sentUs);
    // Many at once, since each time moves all.
    if (this.#crossings.length > 2 * MOST) this.#crossings.splice(0, this.#crossings.length - MOST);
    return added;
  }

  /** It has arrived after all: one that was held back for others to overtake it. */
  arrived(crossing: Crossing, atUs: number): void {
    (crossing as { arrivesUs: number }).arrivesUs = atUs;
    this.#longestUs = Math.max(this.#longestUs, atUs - crossing.sentUs);
  }

  find(number: number): Crossing | undefined {
    const first = this.#crossings[0]?.number ?? 0;
    return this.#crossings[number - first];
  }

  /** Frames that are on a link at this time, the latest first; at most `most`. */
  underWay(atUs: number, most: number): Crossing[] {
    const found: Crossing[] = [];
    for (let index = this.#lastUntil(atUs); index >= 0 && found.length < most; index--) {
      const crossing = this.#crossings[index]!;
      if (crossing.sentUs < atUs - this.#longestUs) break;
      if (endOf(crossing) > atUs) found.push(crossing);
    }
    return found;
  }

  /** The latest until this time that `isMeant`, the latest first; at most `most`. */
  latest(atUs: number, most: number, isMeant: (crossing: Crossing) => boolean): Crossing[] {
    const found: Crossing[] = [];
    for (let index = this.#lastUntil(atUs); index >= 0 && found.length < most; index--) {
      const crossing = this.#crossings[index]!;
      if (isMeant(crossing)) found.push(crossing);
    }
    return found;
  }

  /** Sent after one time, and until another. */
  between(fromUs: number, untilUs: number): Crossing[] {
    return this.#crossings.slice(this.#lastUntil(fromUs) + 1, this.#lastUntil(untilUs) + 1);
  }

  /** When the latest frame before this time was sent. */
  before(atUs: number): number | undefined {
    return this.#crossings[this.#lastUntil(atUs - 1)]?.sentUs;
  }

  /** The index of the last one that was sent until then, by halves. */
  #lastUntil(atUs: number): number {
    let [from, to] = [0, this.#crossings.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#crossings[middle]!.sentUs > atUs) to = middle;
      else from = middle + 1;
    }
    return from - 1;
  }
}

/** When it is no longer seen on its link. One that does not arrive is seen for twice as long as it would have taken. */
export function endOf({ sentUs, arrivesUs, usualUs }: Crossing): number {
  return arrivesUs === Infinity ? sentUs + 2 * usualUs : arrivesUs;
}

/** Which part of its way a frame has gone, 0 to 1. One that does not arrive goes half of it. */
export function progressOf(crossing: Crossing, atUs: number): number {
  const { sentUs, arrivesUs } = crossing;
  const share = Math.min(1, Math.max(0, (atUs - sentUs) / Math.max(1, endOf(crossing) - sentUs)));
  return arrivesUs === Infinity ? share / 2 : share;
}
