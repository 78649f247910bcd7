/** Of the connections that are remembered: which have come, or have become something else, since they were last told. */

import { phaseOf, RECORDED, RECORDED_STAMP, RECORDED_WHOSE } from "../table/connections.ts";

interface Told {
  readonly tag: number;
  readonly phase: number;
  readonly whose: number;
}

export class ConnectionNews {
  /** By cell. */
  readonly #told = new Map<number, Told>();

  /** Of a record (Connections.record): the rows that are news, which from now on are told. */
  since(record: Int32Array): Int32Array<ArrayBuffer> {
    const news = new Int32Array(record.length);
    let length = 0;
    for (let at = 0; at < record.length; at += RECORDED) {
      const [cell, tag, whose] = [record[at]!, record[at + 1]!, record[at + RECORDED_WHOSE]!];
      const phase = phaseOf(record[at + RECORDED_STAMP]!);
      const told = this.#told.get(cell);
      if (told?.tag === tag && told.phase === phase && told.whose === whose) continue;
      this.#told.set(cell, { tag, phase, whose });
      news.set(record.subarray(at, at + RECORDED), length);
      length += RECORDED;
    }
    return news.slice(0, length);
  }
}
