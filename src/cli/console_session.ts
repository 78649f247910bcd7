/** A console and the dispatcher: lines are carried out one after another, each in a conversation of its own, until somebody leaves. */

import { type Conversation, converse } from "../api/client.ts";
import { follow } from "../api/follow.ts";
import { History, historyPath } from "../console/history.ts";
import { listOf, Prompt } from "../console/prompt.ts";
import { Shell } from "../console/shell.ts";
import { nextWords, wordsOf } from "../console/words.ts";
import { REAL_CLOCK } from "../system/clock.ts";
import { within } from "../system/within.ts";
import { type Ask, consoleCommands } from "./console_commands.ts";
import { report } from "./report.ts";

/** Tab waits no longer for names. */
const LOOK_MS = 2000;

/** Lines that others have written. Resolves with false when one of them has failed. */
export async function carryOutLines(
  path: string,
  lines: Iterable<string> | AsyncIterable<string>,
): Promise<boolean> {
  const session = new Session(path);
  for await (const line of lines) {
    await session.run(line);
    if (session.isLeft) break;
  }
  session.close();
  return !session.hasFailed;
}

/** A prompt with this name, until somebody leaves. */
export async function converseAtPrompt(path: string, name: string): Promise<void> {
  const session = new Session(path);
  const stopped = new AbortController();
  let isGone = false;
  const watch = () => {
    isGone = false;
    follow(path, 0, () => {}, stopped.signal).catch(() => {
      isGone = true;
      if (!stopped.signal.aborted) {
        prompt.say("The dispatcher has ended; the next command looks for one anew");
      }
    });
  };
  const prompt = new Prompt({
    input: process.stdin,
    output: process.stdout,
    history: new History(historyPath(process.env)),
    prompt: () => `${name}${isGone ? " (gone)" : ""}> `,
    next: (line) => session.next(line),
    interrupt: () => session.interrupt(),
    run: async (line) => {
      await session.run(line);
      if (session.isLeft) prompt.close();
      else if (isGone && session.hasAnswered) watch();
    },
  });
  watch();
  await prompt.closed;
  console.log();
  stopped.abort();
  session.close();
}

class Session {
  /** One of the lines so far. */
  hasFailed = false;
  /** The dispatcher, to the last line. */
  hasAnswered = false;
  isLeft = false;
  readonly #path: string;
  #interrupted = Promise.withResolvers<"interrupted">();
  readonly #commands = consoleCommands({
    carryOut: (work) => this.#carryOut(work),
    look: (work) => within(REAL_CLOCK, LOOK_MS, this.#converse(work), "no names"),
    leave: () => {
      this.isLeft = true;
    },
  });
  readonly #shell = new Shell(this.#commands);

  constructor(path: string) {
    this.#path = path;
  }

  /** Says itself what is wrong. */
  async run(line: string): Promise<void> {
    this.hasAnswered = false;
    const asked = /^(.*)\?\s*$/.exec(line)?.[1];
    try {
      if (asked !== undefined) console.log(listOf(await this.next(asked)));
      else await this.#shell.run(line);
    } catch (error) {
      this.#fail(error);
    }
  }

  next(line: string): Promise<(readonly [word: string, description: string])[]> {
    const words = wordsOf(line);
    return nextWords(/\S$/.test(line) ? words : [...words, ""], this.#commands);
  }

  /** Nobody waits any more for what is being carried out; the dispatcher may do it all the same. */
  interrupt(): void {
    this.#interrupted.resolve("interrupted");
  }

  close(): void {
    this.#shell.close();
  }

  async #carryOut(work: (ask: Ask) => Promise<string>): Promise<void> {
    this.#interrupted = Promise.withResolvers();
    try {
      const text = await this.#converse((ask) => Promise.race([work(ask), this.#interrupted.promise]));
      console.log(text);
      this.hasAnswered = true;
    } catch (error) {
      this.#fail(error);
    }
  }

  async #converse<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const conversation: Conversation = await converse(this.#path);
    try {
      return await work(conversation.ask);
    } finally {
      conversation.end();
    }
  }

  #fail(error: unknown): void {
    this.hasFailed = true;
    report(error);
  }
}
