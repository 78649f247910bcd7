/**
 * The page: one session, what of it is chosen, and pictures of both. It only shows: whatever it shows comes from the world, and whatever
 * one does is an action for the world.
 *
 *     each picture      time goes on, links and frames are drawn (network_panel.ts)
 *     now and then      the world is looked at anew (view.ts), and panels and tables show it
 */

import { html, nothing, render, type TemplateResult } from "lit-html";
import { InputError, UsageError } from "../../input/errors.ts";
import type { Action } from "../../sim/action.ts";
import type { World } from "../../sim/world.ts";
import { sceneOf } from "../../sim/usual_scene.ts";
import { LESSONS } from "../lessons/all.ts";
import { FREE } from "../lessons/scenes.ts";
import type { View } from "../seen/view.ts";
import { viewOf } from "../seen/view_of.ts";
import { DAMAGED, type Moment, type Problem, readAddress, writeAddress } from "./address.ts";
import { BucketPanel } from "./bucket_panel.ts";
import { CapturePanel } from "./capture_panel.ts";
import { type Chosen, chosenPanel } from "./chosen.ts";
import { ConfigPanel } from "./config_panel.ts";
import { FramePanel } from "./frame_panel.ts";
import { lessonChoice, lessonPanel } from "./lesson_panel.ts";
import { NetworkPanel } from "./network_panel.ts";
import { PlotPanel } from "./plot_panel.ts";
import { Session } from "./session.ts";
import { tables } from "./tables.ts";
import { clockOf, timeBar } from "./time_bar.ts";

/** Between two pictures of panels and tables, while time goes on; longer where these take long. */
const LOOK_MS = 120;
const LOOK_SHARE = 6;
/** So long a world may be on its way without a word. */
const PATIENCE_MS = 300;

const at = (id: string) => document.getElementById(id)!;
const canvasAt = (id: string) => at(id) as HTMLCanvasElement;

export class Page {
  #session: Session;
  #view: View;
  /** The one that is seen in it: another one is made where time goes back. */
  #world: World | undefined;
  #chosen: Chosen | undefined;
  #told: TemplateResult | string = "";
  #lookedMs = 0;
  #lookMs = LOOK_MS;
  #mustShow = true;
  #isOnWay = false;
  readonly #config: ConfigPanel;
  readonly #network = new NetworkPanel({
    ...{ links: canvasAt("links"), machines: at("machines"), legend: at("legend") },
  }, {
    choose: (chosen) => this.#choose(chosen),
    chooseFrame: (number) => this.#frames.choose(this.#session.chronicle.recording.find(number)),
  });
  readonly #frames = new FramePanel({ list: at("frames"), detail: at("frame") }, () => {
    this.#mustShow = true;
  });
  readonly #buckets = new BucketPanel({ canvas: canvasAt("grid"), mark: at("mark"), words: at("buckets") });
  readonly #plots = new PlotPanel({
    ...{ answers: at("answers"), drops: at("drops"), backends: at("plotted") },
  });

  /** Of what the address says, or of the lesson that is chosen first. */
  static async open(): Promise<Page> {
    const read = await readAddress(location.hash);
    const page = new Page(await sessionOf({ scene: FREE, schedule: [], atUs: 0 }));
    if (read !== undefined) await page.#read(read);
    return page;
  }

  private constructor(session: Session) {
    this.#session = session;
    this.#view = viewOf(session.world, session.chronicle);
    const files = {
      name: () => this.#configName,
      text: () => this.#session.chronicle.config ?? this.#session.scene.files[this.#configName] ?? "",
    };
    this.#config = new ConfigPanel(at("config"), {
      ...files,
      reload: (config) => this.#do([{ do: "reload", config }]),
      start: (config) => this.show({ scene: sceneOf(config), schedule: [], atUs: 0 }),
    });
    new CapturePanel(at("capture"), files);
    this.#listen();
    this.#arrange();
    requestAnimationFrame((nowMs) => this.#picture(nowMs, nowMs));
  }

  get session(): Session {
    return this.#session;
  }

  /** Of the dispatcher, or of the backends where there is none. */
  get #configName(): string {
    return Object.keys(this.#session.scene.files)[0] ?? "";
  }

  /** Another world in place of this one, such as that of a lesson. */
  async show(moment: Moment): Promise<void> {
    let session: Session;
    try {
      session = await sessionOf(moment);
    } catch (error) {
      return this.#tell(wordsOf(error));
    }
    const old = this.#session;
    this.#session = session;
    this.#chosen = undefined;
    this.#told = "";
    this.#frames.choose(undefined);
    this.#buckets.clear();
    this.#view = viewOf(session.world, session.chronicle);
    this.#arrange();
    this.#config.show();
    await old.close();
  }

  /** What an address says. */
  async #read(read: Moment | Problem): Promise<void> {
    if ("problem" in read) this.#tell(read.problem);
    else await this.show(read);
  }

  #tell(words: string): void {
    this.#told = words;
    this.#mustShow = true;
  }

  /** Of so many pictures, 50 µs apart and backwards from now: how many milliseconds each takes, and how many frames are in it. */
  measure(pictures: number): { readonly ms: number; readonly frames: number }[] {
    this.#show(performance.now());
    const { shownUs } = this.#session;
    const measured = Array.from({ length: pictures }, (_, picture) => {
      this.#session.shownUs = shownUs - 50 * picture;
      const beganMs = performance.now();
      const frames = this.#draw(beganMs);
      return { ms: performance.now() - beganMs, frames };
    });
    this.#session.shownUs = shownUs;
    return measured;
  }

  /** Time goes on, and what is seen of it is drawn. */
  #picture(nowMs: number, beforeMs: number): void {
    const session = this.#session;
    void session.pass(nowMs - beforeMs);
    if (this.#isOnWay !== (session.way !== undefined) || this.#world !== session.world) this.#mustShow = true;
    this.#isOnWay = session.way !== undefined;
    const changes = session.direction !== 0 || this.#isOnWay;
    const mustShow = this.#mustShow || (changes && nowMs - this.#lookedMs > this.#lookMs);
    if (mustShow) {
      this.#show(nowMs);
      this.#lookMs = Math.max(LOOK_MS, LOOK_SHARE * (performance.now() - nowMs));
    }
    // A picture of what has not changed is there already.
    if (mustShow || changes || this.#network.isPast(session.shownUs)) this.#draw(nowMs);
    requestAnimationFrame((nextMs) => this.#picture(nextMs, nowMs));
  }

  /** Returns how many frames are in the picture. */
  #draw(nowMs: number): number {
    const chosen = this.#chosen;
    const link = chosen !== undefined && "link" in chosen ? chosen.link : undefined;
    return this.#network.draw(this.#session, this.#view, { link, frame: this.#frames.chosen }, nowMs);
  }

  /** Panels and tables. */
  #show(nowMs: number): void {
    this.#mustShow = false;
    this.#lookedMs = nowMs;
    const session = this.#session;
    const { chronicle, lesson } = session;
    this.#world = session.world;
    const view = this.#view = viewOf(session.world, chronicle);
    const chosen = this.#chosen;
    const open = (id: string) => void this.#open(id);
    render(lessonChoice(lesson, open), at("choice"));
    render(
      html`<button type="button" @click=${() => void this.#share()}>Copy a link to this moment</button>`,
      at("share"),
    );
    render(this.#notice(), at("told"));
    render(lessonPanel(lesson, session.progress?.reached ?? [], open), at("lesson"));
    this.#network.show(view, chosen !== undefined && "machine" in chosen ? chosen.machine : undefined);
    render(timeBar(session, this.#steering), at("time"));
    render(
      chosenPanel(view, chosen, (one) => this.#choose(one), (...actions) => void this.#do(actions)),
      at("chosen"),
    );
    this.#frames.show(session, chosen);
    this.#buckets.show(view.buckets);
    this.#plots.show(view, chronicle.overTime, session.shownUs);
    render(tables(view, chronicle, session.shownUs), at("tables"));
    document.title = lesson === undefined ? "oneip playground" : `${lesson.title} · oneip playground`;
  }

  #notice(): TemplateResult | typeof nothing {
    const { way } = this.#session;
    if (way !== undefined && performance.now() - way.beganMs > PATIENCE_MS) {
      return html`<p class="notice">${clockOf(way.world.nowUs)} of ${clockOf(way.untilUs)}
        <button type="button" @click=${() => this.#session.stop()}>Stop here</button></p>`;
    }
    const told = this.#told || this.#session.told;
    return told === "" ? nothing : html`<p class="notice">${told}</p>`;
  }

  readonly #steering = {
    play: (direction: -1 | 0 | 1) =>
      this.#steer(() => {
        this.#session.direction = direction;
      }),
    step: () => this.#steer(() => this.#session.step()),
    stepBack: () => this.#steer(() => this.#session.stepBack()),
    restart: () => this.#steer(() => this.#session.seek(0)),
    setSpeed: (speed: number) =>
      this.#steer(() => {
        this.#session.speed = speed;
      }),
    setQuiet: (passesQuiet: boolean) =>
      this.#steer(() => {
        this.#session.passesQuiet = passesQuiet;
      }),
  };

  #steer(deed: () => void | Promise<void>): void {
    this.#told = "";
    void Promise.resolve(deed()).then(() => this.#mustShow = true);
    this.#mustShow = true;
  }

  async #do(actions: readonly Action[]): Promise<void> {
    this.#told = "";
    await this.#session.do(...actions);
    this.#mustShow = true;
  }

  #choose(chosen: Chosen): void {
    this.#chosen = chosen;
    this.#mustShow = true;
  }

  async #open(id: string): Promise<void> {
    const lesson = LESSONS.find((one) => one.id === id);
    history.replaceState(null, "", location.pathname + location.search);
    await this.show({ scene: lesson?.scene ?? FREE, schedule: [], atUs: 0, ...(lesson && { lesson: id }) });
  }

  async #share(): Promise<void> {
    try {
      const address = await writeAddress(await this.#session.toShare());
      history.replaceState(null, "", address);
      await navigator.clipboard?.writeText(location.href);
      this.#told = "The address of this page leads to this moment, and is in the clipboard.";
    } catch (error) {
      this.#told = error instanceof RangeError
        ? error.message
        : "The address of this page leads to this moment.";
    }
    this.#mustShow = true;
  }

  #listen(): void {
    new ResizeObserver(() => this.#arrange()).observe(at("links"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#network.drawAnew();
      this.#buckets.drawAnew();
      this.#plots.drawAnew();
      this.#mustShow = true;
    });
    addEventListener("hashchange", () =>
      void readAddress(location.hash).then((read) => {
        if (read !== undefined) return this.#read(read);
      }));
  }

  #arrange(): void {
    this.#network.arrange(this.#session.scene);
    this.#mustShow = true;
  }
}

/** A scene that an address says wrongly may fail anywhere; what has words for people is a mistake in it that is known. */
function wordsOf(error: unknown): string {
  return error instanceof UsageError || error instanceof InputError ? error.message : DAMAGED;
}

function sessionOf(moment: Moment): Promise<Session> {
  return Session.open(moment, LESSONS.find(({ id }) => id === moment.lesson));
}
