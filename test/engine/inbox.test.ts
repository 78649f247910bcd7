import { expect, test } from "vitest";
import { SharedState } from "oneip";
import { Inbox, type Receivers } from "../../src/engine/inbox.ts";
import type { Link } from "../../src/link/link.ts";
import type { LinkFrames } from "../../src/link/link_frames.ts";
import * as verdict from "../../src/path/verdict.ts";

test("a drain takes what waits when it begins, however much comes meanwhile", () => {
  const shared = new SharedState({ clusters: 1, buckets: 16, neighbors: 1, slotSize: 64 });
  const { heard } = shared.workers[0]!;
  const push = () => heard.push(verdict.HEARD_ANSWER, 0, new Int32Array(16), 60);
  let taken = 0;
  const verifier = {
    heardPacket() {
      taken++;
      push(); // A machine that says something as soon as it is heard.
    },
  };
  const link = { frameIn: (frame: Uint8Array<ArrayBuffer>) => frame };
  const inbox = new Inbox(
    shared,
    link as unknown as Link,
    {} as LinkFrames,
    { verifier, prober: { heardPacket: () => false } } as unknown as Receivers,
  );
  for (let count = 0; count < 10; count++) push();
  inbox.drainAll();
  expect([taken, heard.waiting]).toEqual([10, 10]);
});
