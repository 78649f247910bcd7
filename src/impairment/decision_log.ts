/**
 * Decisions as text, a line for each frame, to be read by people, searched by grep, and played back:
 *
 *     client:eth1 0 passed 20000 us
 *     client:eth1 1 lost
 *     client:eth1 2 passed 23127 us duplicate reorder corrupt bit 133
 *
 * Who sent it; its number; its fate; and if it passed, how long it was on its way, without waiting for its turn, and what else befell
 * it. There is no time in it, so two runs that decide alike write the same.
 */

import { type Decision, FATES, NO_BIT, PASSED } from "./decision.ts";

const LINE =
  /^(\S+) \d+ (?:passed (\d+) us( duplicate)?( reorder)?(?: corrupt bit (\d+))?|lost|down|queue|overflow)$/;

/** Without the end of the line. */
export function formatDecision(from: string, frame: number, decision: Decision): string {
  const { fate, delayUs, isDuplicated, isReordered, corruptBit } = decision;
  if (fate !== PASSED) return `${from} ${frame} ${FATES[fate]}`;
  return `${from} ${frame} passed ${delayUs} us${isDuplicated ? " duplicate" : ""}${
    isReordered ? " reorder" : ""
  }${corruptBit === NO_BIT ? "" : ` corrupt bit ${corruptBit}`}`;
}

/** Who sent the frame, and what became of it; undefined for a line that is no decision. */
export function parseDecision(
  line: string,
): { readonly from: string; readonly decision: Decision } | undefined {
  const [, from, delayUs, duplicate, reorder, bit] = LINE.exec(line) ?? [];
  if (from === undefined) return undefined;
  const [, , fate] = line.split(" ");
  return {
    from,
    decision: {
      fate: (FATES as readonly string[]).indexOf(fate!),
      delayUs: Number(delayUs ?? 0),
      isDuplicated: duplicate !== undefined,
      isReordered: reorder !== undefined,
      corruptBit: bit === undefined ? NO_BIT : Number(bit),
    },
  };
}
