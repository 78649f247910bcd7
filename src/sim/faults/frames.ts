/** What must hold of all frames: replies pass the dispatcher by, and no frame makes ever more of them. */

import type { Lane } from "../net/lane.ts";
import type { Scene } from "../scene.ts";
import { Texts } from "../texts.ts";
import { octetsOf } from "../../wire/address.ts";
import type { Report } from "./finding.ts";
import { lastWord, Segment } from "./segment.ts";

/** In a second, on all links. The clients of a trial make some hundred; a loop makes millions, and would never end. */
export const MOST_FRAMES = 50_000;

const SECOND_US = 1_000_000;

/** Thrown, for time would not go on. */
export class FramesMultiply extends Error {}

export class Frames {
  /** Each once for each link that it went onto. */
  count = 0;
  readonly #segment = new Segment();
  readonly #dispatchers: ReadonlySet<string>;
  /** Last words of addresses. */
  readonly #clusters = new Set<number>();
  readonly #nowUs: () => number;
  readonly #report: Report;
  #secondEndUs = SECOND_US;
  #before = 0;
  /** In the second that had the most. */
  most = 0;

  constructor(scene: Scene, nowUs: () => number, report: Report) {
    this.#nowUs = nowUs;
    this.#report = report;
    const nodes = Object.entries(scene.nodes);
    this.#dispatchers = new Set(nodes.filter(([, { kind }]) => kind === "dispatcher").map(([name]) => name));
    const texts = new Texts(scene.files);
    for (const name of Object.keys(scene.files)) {
      if (!name.endsWith(".yaml")) continue;
      for (const { addresses } of texts.config(name, "sim").clusters) {
        for (const address of addresses) this.#clusters.add(lastWord(octetsOf(address)));
      }
    }
  }

  sent(lane: Lane, octets: Uint8Array, length: number): void {
    this.count++;
    const nowUs = this.#nowUs();
    if (nowUs >= this.#secondEndUs) this.#nextSecond(nowUs);
    if (this.count - this.#before > MOST_FRAMES) {
      const what = `more than ${MOST_FRAMES} frames within a second`;
      this.#report("bounded frames", what);
      throw new FramesMultiply(what);
    }
    if (!this.#dispatchers.has(lane.from.node) || !this.#segment.read(octets, length)) return;
    const { src, dst } = this.#segment;
    if (!this.#clusters.has(src)) return;
    const whose = `from a cluster address to ${dst >>> 24}.${(dst >>> 16) & 255}.${(dst >>> 8) & 255}.${
      dst & 255
    }`;
    this.#report("bypass", `${lane.from.node} has sent a segment ${whose}`);
  }

  #nextSecond(nowUs: number): void {
    this.most = Math.max(this.most, this.count - this.#before);
    this.#before = this.count;
    this.#secondEndUs = nowUs - nowUs % SECOND_US + SECOND_US;
  }
}
