/** A trial's frames as pcapng: each once, when it is sent onto a link, with a comment where it does not arrive as it was sent. */

import { captureFrame, captureHeader } from "../../capture/writer.ts";
import { FATES, NO_BIT, PASSED } from "../../impairment/decision.ts";
import type { Lane } from "../net/lane.ts";
import { linkName, type Scene } from "../scene.ts";

/** When worlds begin, for whoever reads a capture. */
const BEGINNING_NS = 1_577_836_800n * 1_000_000_000n;

export function headerOf({ links }: Scene): Uint8Array {
  return captureHeader(...links.map(linkName));
}

/** `link`: its place in the scene. */
export function frameOf(
  lane: Lane,
  link: number,
  octets: Uint8Array,
  length: number,
  nowUs: number,
): Uint8Array {
  const comment = `${lane.from.node} to ${lane.to.node}${fateOf(lane)}`;
  return captureFrame({
    octets: octets.subarray(0, length),
    lengthOnWire: length,
    nanoseconds: BEGINNING_NS + BigInt(nowUs) * 1000n,
    direction: "out",
    interface: link,
    comment,
  });
}

function fateOf({ decision: { fate, corruptBit, isDuplicated, isReordered } }: Lane): string {
  const words = [
    ...(fate === PASSED ? [] : [FATES[fate]!]),
    ...(corruptBit === NO_BIT ? [] : [`bit ${corruptBit} flipped`]),
    ...(isDuplicated ? ["doubled"] : []),
    ...(isReordered ? ["overtaken"] : []),
  ];
  return words.length === 0 ? "" : `: ${words.join(", ")}`;
}
