/** Sends frames one after the other at a rate; those that come meanwhile wait for their turn. */

const BITS_PER_OCTET = 8;
const US_PER_S = 1_000_000;

export class Transmitter {
  #rate = 0;
  #queue = 0;
  #freeUs = 0;
  /** When the turn of each frame that waits begins, the next one first: a ring. */
  #turns = new Float64Array(0);
  #first = 0;
  #waiting = 0;

  /** What waits already keeps its turn. `rate`: bits a second, 0 for no limit; `queue`: frames that may wait. */
  set(rate: number, queue: number): void {
    if (queue > this.#turns.length) {
      const turns = new Float64Array(queue);
      for (let index = 0; index < this.#waiting; index++) turns[index] = this.#turn(index);
      this.#turns = turns;
      this.#first = 0;
    }
    this.#rate = rate;
    this.#queue = queue;
  }

  /** May no further frame wait? */
  isFull(nowUs: number): boolean {
    while (this.#waiting > 0 && this.#turn(0) <= nowUs) {
      this.#first = (this.#first + 1) % this.#turns.length;
      this.#waiting--;
    }
    return this.#freeUs > nowUs && this.#waiting >= this.#queue;
  }

  /** Takes a frame, for which there must be room, and says when its last bit has gone. */
  send(length: number, nowUs: number): number {
    if (this.#rate === 0 && this.#freeUs <= nowUs) return nowUs;
    const turnUs = Math.max(nowUs, this.#freeUs);
    if (turnUs > nowUs && this.#waiting < this.#turns.length) {
      this.#turns[(this.#first + this.#waiting++) % this.#turns.length] = turnUs;
    }
    this.#freeUs = turnUs + (this.#rate === 0 ? 0 : length * BITS_PER_OCTET * US_PER_S / this.#rate);
    return this.#freeUs;
  }

  #turn(index: number): number {
    return this.#turns[(this.#first + index) % this.#turns.length]!;
  }
}
