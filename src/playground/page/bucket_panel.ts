/** The bucket map, and in words what it shows: what has moved last, and whose the bucket is at which one points. */

import { html, render } from "lit-html";
import { BucketMap } from "../../dashboard/page/map.js";
import { describeMoves, movedBuckets, ownerOf } from "../../dashboard/page/moves.js";
import { percent, whole } from "../../dashboard/page/words.js";
import type { Buckets } from "../../engine/buckets.ts";

export interface BucketElements {
  readonly canvas: HTMLCanvasElement;
  readonly mark: HTMLElement;
  readonly words: HTMLElement;
}

export class BucketPanel {
  readonly #elements: BucketElements;
  readonly #map: BucketMap;
  #buckets: Buckets | undefined;
  #moved = "";
  #pointed: number | undefined;

  constructor(elements: BucketElements) {
    this.#elements = elements;
    const { canvas, mark } = elements;
    this.#map = new BucketMap(canvas, mark);
    canvas.addEventListener("pointermove", (event) => this.#point(this.#map.bucketAt(event)));
    canvas.addEventListener("pointerleave", () => this.#point(undefined));
  }

  /** In another world nothing has moved yet. */
  clear(): void {
    this.#moved = "";
    this.#map.show(this.#buckets = undefined, undefined);
  }

  /** In the colours of the theme, which has changed. */
  drawAnew(): void {
    this.#map.draw();
  }

  show(buckets: Buckets | undefined): void {
    const { canvas } = this.#elements;
    canvas.hidden = buckets === undefined;
    if (buckets !== undefined) {
      const moved = movedBuckets(this.#buckets, buckets);
      if (moved.length > 0) this.#moved = describeMoves(this.#buckets!, buckets, moved);
      // The map flashes what differs from what it was given before: the same is given only once.
      const isSame = moved.length === 0 && this.#buckets?.cluster === buckets.cluster &&
        this.#buckets.owners.length === buckets.owners.length &&
        this.#buckets.inTransition.length === buckets.inTransition.length;
      if (!isSame) this.#map.show(this.#buckets = buckets, undefined);
      canvas.setAttribute("aria-label", labelOf(buckets));
    }
    this.#say(buckets);
  }

  #point(bucket: number | undefined): void {
    this.#pointed = bucket;
    this.#say(this.#buckets);
  }

  #say(buckets: Buckets | undefined): void {
    render(
      html`
        <p class="quiet">${this.#words(buckets)}</p>
        <p class="moved">${this.#moved}</p>
      `,
      this.#elements.words,
    );
  }

  #words(buckets: Buckets | undefined): string {
    if (buckets === undefined) return "No dispatcher and no agent is at work.";
    const { owners, inTransition } = buckets;
    const first = this.#pointed === undefined
      ? `One cell for each of ${whole(owners.length)} buckets, in the colour of its backend.`
      : `Bucket ${whole(this.#pointed)}: ${ownerOf(buckets, this.#pointed)}.`;
    return inTransition.length === 0
      ? first
      : `${first} The ${whole(inTransition.length)} paler ones are in transition.`;
  }
}

function labelOf({ owners, backends }: Buckets): string {
  const counts = new Map<number, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const shares = [...counts].sort(([, one], [, other]) => other - one)
    .map(([owner, count]) => `${backends[owner] ?? "nobody"} ${percent(count / owners.length)}`);
  return `Bucket map of ${whole(owners.length)} buckets: ${shares.join(", ")}`;
}
