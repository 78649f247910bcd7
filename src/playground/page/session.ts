/**
 * One world on the page, and the time that is shown of it. All that people do is an action in the schedule, so that scene and schedule
 * are the whole truth: an earlier moment is made by a new world that runs until then.
 *
 *     scene + schedule ──▶ world ──▶ recording, lesson ──▶ what is drawn
 *
 * Forwards, the world runs to the moment that is shown. Backwards, frames are drawn from the recording at once, and the world follows
 * whenever it has been made anew.
 */

import type { Action, Scheduled } from "../../sim/action.ts";
import type { Scene } from "../../sim/scene.ts";
import { World } from "../../sim/world.ts";
import { Chronicle } from "../seen/chronicle.ts";
import type { Lesson } from "../lessons/lesson.ts";
import { Progress } from "../lessons/progress.ts";
import { VERSION } from "../../system/version.ts";
import type { Moment } from "./address.ts";
import { Slices } from "./slices.ts";

/** Microseconds of the world in a second of ours. */
export const SPEEDS = [20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7, 6e7] as const;
const FIRST_SPEED = 100;

/** Quiet times, in which no frame is on its way, pass at this speed at least. */
const QUIET_SPEED = 2e6;

/** Of a picture's 16 ms, so much is for the world. */
const BUDGET_MS = 9;
/** A longer time between pictures was no time in which anyone looked. */
const MOST_ELAPSED_MS = 100;
/** So often a lesson looks at what has come of it. */
const LOOK_US = 20_000;
/** Events in which no frame is sent, that a step goes past. */
const MOST_QUIET_EVENTS = 100_000;

interface Running {
  readonly world: World;
  readonly chronicle: Chronicle;
  readonly progress: Progress | undefined;
}

export class Session {
  readonly scene: Scene;
  readonly lesson: Lesson | undefined;
  /** Where the clock of the page stands. */
  shownUs = 0;
  speed: number = FIRST_SPEED;
  /** 1 forwards, -1 backwards, 0 pause. */
  direction: -1 | 0 | 1 = 0;
  passesQuiet = true;
  /** A world is being made anew for an earlier moment. */
  isReplaying = false;
  /** What went wrong last, in words. */
  told = "";
  /** Where a world is going that needs more than a picture's time for it. */
  way: { readonly world: World; readonly untilUs: number; readonly beganMs: number } | undefined;
  #isStopped = false;
  #schedule: Scheduled[];
  #running: Running;
  #work: Promise<unknown> | undefined;
  #isClosed = false;

  static async open({ scene, schedule, atUs, made }: Moment, lesson?: Lesson): Promise<Session> {
    const running = await begin(scene, schedule, lesson);
    const session = new Session(scene, schedule, running, lesson);
    // It may be a long way.
    void session.#arrive(atUs, made);
    return session;
  }

  private constructor(scene: Scene, schedule: readonly Scheduled[], running: Running, lesson?: Lesson) {
    this.scene = scene;
    this.lesson = lesson;
    this.#schedule = [...schedule];
    this.#running = running;
  }

  get world(): World {
    return this.#running.world;
  }

  get chronicle(): Chronicle {
    return this.#running.chronicle;
  }

  get progress(): Progress | undefined {
    return this.#running.progress;
  }

  get moment(): Moment {
    return {
      scene: this.scene,
      schedule: this.#schedule,
      atUs: Math.floor(this.shownUs),
      ...(this.lesson === undefined ? {} : { lesson: this.lesson.id }),
    };
  }

  /** The moment that is shown, and what has come of it: its world is made anew, as it is for whoever opens it. */
  async toShare(): Promise<Moment> {
    await this.#work;
    return await this.#alone(async () => {
      // With what happens just now.
      this.shownUs = Math.floor(this.shownUs) + 1;
      await this.#replay(this.shownUs);
      return { ...this.moment, made: { by: VERSION, outcome: this.chronicle.outcome } };
    }) ?? this.moment;
  }

  /** The world is not the one of the moment that is shown: it follows. */
  get isBehind(): boolean {
    return this.isReplaying || this.world.nowUs > this.shownUs;
  }

  /** A world that is on its way stays where it is by now. */
  stop(): void {
    this.#isStopped = true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
    await this.world.stop();
  }

  /** Done now. What was to be done later in another course of things is forgotten. */
  async do(...actions: readonly Action[]): Promise<void> {
    if (this.direction < 0) this.direction = 0;
    await this.#settle();
    try {
      for (const action of actions) this.world.check(action);
    } catch (error) {
      this.told = (error as Error).message;
      return;
    }
    const before = this.#schedule.filter(({ atUs }) => atUs < this.world.nowUs);
    const isAnother = before.length < this.#schedule.length;
    this.#schedule = before;
    if (isAnother) await this.#alone(() => this.#replay(this.shownUs));
    await this.#alone(async () => {
      const { world } = this.#running;
      this.told = "";
      for (const action of actions) this.#schedule.push(world.act(action));
      await world.run(world.nowUs + 2);
      this.#running.progress?.look();
      this.shownUs = Math.max(this.shownUs, world.nowUs);
    });
  }

  /** For each picture. `elapsedMs`: since the one before. */
  async pass(elapsedMs: number): Promise<void> {
    if (this.#isClosed) return;
    if (this.direction === 0) {
      // Time was stopped, or came to its beginning, before the world had followed.
      if (this.#work === undefined && this.world.nowUs > this.shownUs) await this.#settle();
      return;
    }
    const seconds = Math.min(elapsedMs, MOST_ELAPSED_MS) / 1000;
    if (this.direction < 0) {
      this.shownUs = Math.max(0, this.shownUs - seconds * this.speed);
      if (this.shownUs === 0) this.direction = 0;
      // The world follows to the latest moment that there was time for.
      if (this.#work === undefined) await this.#settle();
      return;
    }
    if (this.#work !== undefined) return;
    if (this.isBehind) return this.#settle();
    await this.#alone(() => this.#go(seconds));
  }

  /** Until the next frame is sent. */
  async step(): Promise<void> {
    this.direction = 0;
    await this.#settle();
    await this.#alone(async () => {
      const { chronicle, world } = this.#running;
      const { count } = chronicle.recording;
      const slices = this.#slices();
      for (let events = 0; events < MOST_QUIET_EVENTS && chronicle.recording.count === count; events++) {
        if (!await world.step() || (slices.isOver && !await slices.next())) break;
      }
      this.#running.progress?.look();
      this.shownUs = world.nowUs;
    });
  }

  /** To where the frame before was sent. */
  async stepBack(): Promise<void> {
    this.direction = 0;
    await this.seek(this.chronicle.recording.before(this.shownUs) ?? 0);
  }

  async seek(atUs: number): Promise<void> {
    await this.#work;
    if (atUs < this.world.nowUs) {
      this.shownUs = atUs;
      return this.#settle();
    }
    await this.#alone(async () => {
      await this.#runUntil(this.#running, atUs);
      this.shownUs = this.#isStopped ? this.world.nowUs : atUs;
    });
  }

  /** At the moment with which it begins. In another version of oneip, something else may have come of it. */
  async #arrive(atUs: number, made: Moment["made"]): Promise<void> {
    await this.#alone(async () => {
      await this.#runUntil(this.#running, atUs);
      this.shownUs = this.#isStopped ? this.world.nowUs : atUs;
      if (made === undefined || this.#isStopped || this.chronicle.outcome === made.outcome) return;
      this.told = differenceOf(made.by);
    });
  }

  /** Forwards, as far as there is time for in one picture. */
  async #go(seconds: number): Promise<void> {
    const { world, chronicle: { recording } } = this.#running;
    const endMs = performance.now() + BUDGET_MS;
    const isQuiet = () => recording.underWay(world.nowUs, 1).length === 0;
    let targetUs = this.shownUs + seconds * this.speed;
    if (this.passesQuiet && this.speed < QUIET_SPEED && isQuiet()) {
      const quietUs = Math.floor(this.shownUs + seconds * QUIET_SPEED);
      const { count } = recording;
      while (recording.count === count && world.nextUs < quietUs && performance.now() < endMs) {
        await world.step();
      }
      if (recording.count === count) {
        await this.#runOn(this.#running, quietUs, () => performance.now() < endMs);
      }
      targetUs = Math.max(targetUs, world.nowUs);
    }
    await this.#runOn(this.#running, targetUs, () => performance.now() < endMs);
    this.shownUs = Math.max(this.shownUs, Math.min(targetUs, world.nowUs));
  }

  /** As long as it may go on. What happens just then is still to come. */
  async #runOn({ world, progress }: Running, untilUs: number, mayGoOn: () => boolean): Promise<void> {
    const endUs = Math.floor(untilUs);
    while (world.nowUs < endUs && mayGoOn()) {
      await world.run(Math.min(endUs, world.nowUs + LOOK_US), [], mayGoOn);
      progress?.look();
    }
  }

  /** However long it takes, with pictures in between, unless somebody stops it. */
  async #runUntil(running: Running, untilUs: number): Promise<void> {
    const { world } = running;
    const slices = this.#slices();
    this.way = { world, untilUs, beganMs: performance.now() };
    try {
      do await this.#runOn(running, untilUs, () => !slices.isOver); while (
        world.nowUs < Math.floor(untilUs) && await slices.next()
      );
    } finally {
      this.way = undefined;
    }
  }

  #slices(): Slices {
    this.#isStopped = false;
    return new Slices(() => !this.#isStopped && !this.#isClosed);
  }

  /** Makes the world that of the moment that is shown. */
  async #settle(): Promise<void> {
    await this.#work;
    if (this.world.nowUs > this.shownUs) await this.#alone(() => this.#replay(this.shownUs));
  }

  async #replay(untilUs: number): Promise<void> {
    this.isReplaying = true;
    try {
      const anew = await begin(this.scene, this.#schedule, this.lesson);
      await this.#runUntil(anew, untilUs);
      const old = this.#running;
      this.#running = anew;
      if (this.#isStopped) this.shownUs = anew.world.nowUs;
      await old.world.stop();
    } finally {
      this.isReplaying = false;
    }
  }

  /** One thing at a time happens to the world, in the order in which it was asked for. */
  async #alone<T>(work: () => Promise<T>): Promise<T | undefined> {
    const done = (this.#work ?? Promise.resolve()).then(work).catch((error: unknown) => {
      this.told = (error as Error).message;
      this.direction = 0;
      return undefined;
    });
    this.#work = done;
    const result = await done;
    if (this.#work === done) this.#work = undefined;
    return result;
  }
}

/** `by`: the version of oneip that wrote the address. */
function differenceOf(by: string): string {
  return by === VERSION
    ? `What you see is not what was shared: this page makes something else of the same actions, though it is of oneip ${by}, too. ` +
      "One of the two was built from changed sources; open the address in the page in which it was made"
    : `What you see is not what was shared: the address is from oneip ${by}, and this page, of oneip ${VERSION}, makes something else of ` +
      `the same actions. To see what was shared, open the address in a page of oneip ${by}`;
}

async function begin(
  scene: Scene,
  schedule: readonly Scheduled[],
  lesson: Lesson | undefined,
): Promise<Running> {
  const world = await World.start(scene);
  world.plan(schedule);
  const chronicle = new Chronicle(world);
  const progress = lesson === undefined ? undefined : new Progress(lesson, world, chronicle);
  return { world, chronicle, progress };
}
