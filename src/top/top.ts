/** The running dispatcher live: what it says, drawn each second, and what people press. */

import { REAL_CLOCK } from "../system/clock.ts";
import { Feed } from "./feed.ts";
import { pageOf, roomOf, screenOf, type Style } from "./screen.ts";
import { Terminal } from "./terminal.ts";
import { FIRST_VIEW, press } from "./view.ts";

/** Until somebody quits: the status to end with. Throws UsageError when no dispatcher runs. */
export async function showLive(path: string): Promise<number> {
  const style = styleOf(process.env, true);
  const terminal = new Terminal(process.stdin, process.stdout);
  const feed = new Feed(path, REAL_CLOCK, draw);
  let view = FIRST_VIEW;
  function draw(): void {
    if (feed.known !== undefined) terminal.draw(screenOf(feed.known, view, terminal.size, style));
  }
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  function pressed(key: string): void {
    const { known } = feed;
    if (known === undefined) return;
    const { backends: page } = roomOf(known, terminal.size.rows);
    const { view: next, deed } = press(view, key, known.readings.backends, page);
    view = next;
    if (deed === "quit") return end(0);
    if (deed !== undefined) {
      void feed.carryOut(deed).then((message) => {
        view = { ...view, message };
        draw();
      });
    }
    draw();
  }
  try {
    await feed.start();
    terminal.open({ pressed, resized: draw, ended: end });
    draw();
    return await ended;
  } finally {
    feed.stop();
    terminal.close();
  }
}

/** One page, of the rates of a second: for a file, a program, or a terminal that can do no more. */
export async function pageOnce(path: string, columns: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const feed = new Feed(path, REAL_CLOCK, resolve);
  try {
    await feed.start();
    await promise;
    return pageOf(feed.known!, columns, styleOf(process.env, false)).join("\n");
  } finally {
    feed.stop();
  }
}

/** https://no-color.org, and locale(7). */
function styleOf(env: NodeJS.ProcessEnv, isTerminal: boolean): Style {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
  return {
    isPainted: isTerminal && !env.NO_COLOR,
    characters: /utf-?8/i.test(locale) ? "unicode" : "ascii",
  };
}
