import { beforeEach, expect, test } from "vitest";
import { Exchange } from "../../src/link/exchange.ts";
import { HEARD_ANSWERS, HEARD_BURST } from "../../src/path/limits.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { TokenBucket } from "../../src/table/token_bucket.ts";

const FRAME = Uint8Array.of(1);

let clock: VirtualClock;
let sent: number;

beforeEach(() => {
  clock = new VirtualClock();
  sent = 0;
});

function exchange(send: () => void = () => {}): Exchange<string> {
  return new Exchange({
    send: () => {
      sent++;
      send();
    },
    catchUp: () => {},
  }, clock);
}

test("a question is asked four times, and then its answer is silence", async () => {
  const answer = exchange().ask("who");
  await clock.advance(999);
  let isOver = false;
  void answer.then(() => isOver = true);
  await clock.advance(0);
  expect(isOver).toBe(false);
  await clock.advance(1);
  expect(await answer).toBeUndefined();
});

test("of two questions with one key the older one ends in silence, and the newer one gets the answer", async () => {
  const questions = exchange();
  const older = questions.ask(1, FRAME);
  const newer = questions.ask(1, FRAME);
  questions.answer(1, "here");
  expect(await older).toBeUndefined();
  expect(await newer).toBe("here");
});

test("thousands of questions at once: as many are open as answers fit into the ring, and none of these is over the path's limit", async () => {
  const questions = 4000;
  const limit = new TokenBucket(HEARD_ANSWERS, HEARD_BURST);
  let open = 0;
  let mostOpen = 0;
  let lost = 0;
  const asked: number[] = [];
  // Each is answered a moment later, if the limit lets the answer through.
  const all = exchange(() => {
    mostOpen = Math.max(mostOpen, ++open);
    const key = asked.length;
    asked.push(key);
    clock.after(1, () => {
      open--;
      if (!limit.take(clock.now())) lost++;
      else all.answer(key, "here");
    });
  });
  const answers = Promise.all(Array.from({ length: questions }, (_, key) => all.ask(key, FRAME)));
  await clock.advance(10_000);
  expect(new Set(await answers)).toEqual(new Set(["here"]));
  expect({ sent, lost }).toEqual({ sent: questions, lost: 0 });
  expect(mostOpen).toBeLessThanOrEqual(HEARD_BURST);
});

test("stopped, it answers those that wait for their turn as well", async () => {
  const all = exchange();
  const answers = Promise.all(Array.from({ length: 1000 }, (_, key) => all.ask(key, FRAME)));
  all.stop();
  expect(new Set(await answers)).toEqual(new Set([undefined]));
  const before = sent;
  await clock.advance(10_000);
  expect(sent).toBe(before);
});
