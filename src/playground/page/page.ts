/**
 * The page: one session, what of it is chosen, and pictures of both. It only shows: whatever it shows comes from the world, and whatever
 * one does is an action for the world.
 *
 *     each picture      time goes on, links and frames are drawn
 *     now and then      the world is looked at anew (view.ts), and panels and tables show it
 */

import { html, nothing, render, type TemplateResult } from "lit-html";
import { BucketMap } from "../../dashboard/page/map.js";
import { describeMoves, movedBuckets, ownerOf } from "../../dashboard/page/moves.js";
import { percent, whole } from "../../dashboard/page/words.js";
import type { Buckets } from "../../engine/buckets.ts";
import { InputError, UsageError } from "../../input/errors.ts";
import type { Action } from "../../sim/action.ts";
import { sceneOf } from "../../sim/usual_scene.ts";
import { LESSONS } from "../lessons/all.ts";
import { FREE } from "../lessons/scenes.ts";
import type { Crossing } from "../seen/recording.ts";
import type { View } from "../seen/view.ts";
import { viewOf } from "../seen/view_of.ts";
import { DAMAGED, type Moment, type Problem, readAddress, writeAddress } from "./address.ts";
import { belongingOf } from "./belonging.ts";
import { CapturePanel } from "./capture_panel.ts";
import { type Chosen, chosenPanel } from "./chosen.ts";
import { ConfigPanel } from "./config_panel.ts";
import type { ChosenField } from "./frame_figure.ts";
import { frameDetail, frameList } from "./frames.ts";
import { lessonChoice, lessonPanel } from "./lesson_panel.ts";
import { machines } from "./machines.ts";
import { Rates } from "./rates.ts";
import { Session } from "./session.ts";
import { tables } from "./tables.ts";
import { clockOf, timeBar } from "./time_bar.ts";
import { Drawing } from "./topology/drawing.ts";
import { layOut, type Place } from "./topology/layout.ts";
import { macKey } from "./topology/look.ts";

/** Between two pictures of panels and tables, while time goes on; longer where these take long. */
const LOOK_MS = 120;
const LOOK_SHARE = 6;
/** So long a world may be on its way without a word. */
const PATIENCE_MS = 300;
/** Frames that are drawn at once. */
const MOST_DRAWN = 1500;
/** A narrower drawing runs from top to bottom. */
const NARROW = 620;

const at = (id: string) => document.getElementById(id)!;

export class Page {
  #session: Session;
  #view: View;
  /** By MAC: whose colour a frame has. */
  #backends: ReadonlyMap<string, number> = new Map();
  #chosen: Chosen | undefined;
  #frame: Crossing | undefined;
  #field: ChosenField | undefined;
  #hasBackground = false;
  #told: TemplateResult | string = "";
  /** What of the bucket map has moved last, in words. */
  #moved = "";
  #buckets: Buckets | undefined;
  #pointed = "";
  #places: ReadonlyMap<string, Place> = new Map();
  #isNarrow = false;
  #drawnUs = 0;
  #lookedMs = 0;
  #lookMs = LOOK_MS;
  #mustShow = true;
  #isOnWay = false;
  readonly #config: ConfigPanel;
  readonly #rates = new Rates();
  readonly #drawing = new Drawing(at("links") as HTMLCanvasElement);
  readonly #map = new BucketMap(at("grid") as HTMLCanvasElement, at("mark"));

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

  /** Of the dispatcher, or of the servers where there is none. */
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
    this.#chosen = this.#frame = this.#field = undefined;
    this.#told = this.#moved = "";
    this.#rates.clear();
    // In another world nothing has moved yet.
    this.#map.show(this.#buckets = undefined, undefined);
    this.#drawnUs = session.shownUs;
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
    const { shownUs, chronicle: { recording } } = this.#session;
    const measured = Array.from({ length: pictures }, (_, picture) => {
      this.#session.shownUs = shownUs - 50 * picture;
      const beganMs = performance.now();
      this.#draw(beganMs);
      const ms = performance.now() - beganMs;
      return { ms, frames: recording.underWay(this.#session.shownUs, MOST_DRAWN).length };
    });
    this.#session.shownUs = shownUs;
    return measured;
  }

  /** Time goes on, and what is seen of it is drawn. */
  #picture(nowMs: number, beforeMs: number): void {
    const session = this.#session;
    void session.pass(nowMs - beforeMs);
    if (this.#isOnWay !== (session.way !== undefined)) this.#mustShow = true;
    this.#isOnWay = session.way !== undefined;
    const changes = session.direction !== 0 || this.#isOnWay;
    const mustShow = this.#mustShow || (changes && nowMs - this.#lookedMs > this.#lookMs);
    if (mustShow) {
      this.#show(nowMs);
      this.#lookMs = Math.max(LOOK_MS, LOOK_SHARE * (performance.now() - nowMs));
    }
    // A picture of what has not changed is there already.
    if (mustShow || changes || session.shownUs !== this.#drawnUs || this.#drawing.isGlowing) {
      this.#draw(nowMs);
    }
    requestAnimationFrame((nextMs) => this.#picture(nextMs, nowMs));
  }

  #draw(nowMs: number): void {
    const { shownUs, chronicle: { recording } } = this.#session;
    const passed = recording.between(Math.min(this.#drawnUs, shownUs), shownUs);
    this.#drawnUs = shownUs;
    this.#drawing.draw({
      atUs: shownUs,
      links: this.#view.links,
      frames: recording.underWay(shownUs, MOST_DRAWN),
      busy: new Set(passed.map(({ link }) => link)),
      backends: this.#backends,
      chosenLink: this.#chosen !== undefined && "link" in this.#chosen ? this.#chosen.link : undefined,
      chosenFrame: this.#frame?.number,
    }, nowMs);
  }

  /** Panels and tables. */
  #show(nowMs: number): void {
    this.#mustShow = false;
    this.#lookedMs = nowMs;
    const session = this.#session;
    const { chronicle } = session;
    const view = this.#view = viewOf(session.world, chronicle);
    this.#backends = new Map(
      view.machines.flatMap(({ mac, backend }) =>
        backend === undefined ? [] : [[macKey(mac), backend.index]]
      ),
    );
    const chosen = this.#chosen;
    const wanted = {
      link: chosen !== undefined && "link" in chosen ? chosen.link : undefined,
      node: chosen !== undefined && "machine" in chosen ? chosen.machine : undefined,
      hasBackground: this.#hasBackground,
    };
    render(lessonChoice(session.lesson, (id) => void this.#open(id)), at("choice"));
    render(
      html`<button type="button" @click=${() => void this.#share()}>Copy a link to this moment</button>`,
      at("share"),
    );
    render(this.#notice(), at("told"));
    render(
      lessonPanel(session.lesson, session.progress?.reached ?? [], (id) => void this.#open(id)),
      at("lesson"),
    );
    render(
      machines(
        view.machines,
        this.#places,
        this.#isNarrow,
        wanted.node,
        (machine) => this.#choose({ machine }),
      ),
      at("machines"),
    );
    render(LEGEND, at("legend"));
    render(timeBar(session, this.#steering), at("time"));
    render(
      chosenPanel(view, chosen, (one) => this.#choose(one), (...actions) => void this.#do(actions)),
      at("chosen"),
    );
    render(
      html`
        <label
          class="choice"><span><input type="checkbox" .checked=${this.#hasBackground} @change=${(
            event: Event,
          ) => {
            this.#hasBackground = (event.target as HTMLInputElement).checked;
            this.#mustShow = true;
          }}>also questions for addresses, and what machines tell each other</span></label>
        ${frameList(
          chronicle.recording,
          session.shownUs,
          wanted,
          this.#frame?.number,
          (number) => this.#chooseFrame(number),
        )}
      `,
      at("frames"),
    );
    render(
      this.#frame === undefined ? nothing : frameDetail(
        this.#frame,
        belongingOf(session.world, this.#frame),
        this.#field,
        (field) => {
          this.#field = field;
          this.#mustShow = true;
        },
      ),
      at("frame"),
    );
    this.#showBuckets(view.buckets);
    if (!session.isBehind && session.direction !== 0) this.#rates.add(session.shownUs, chronicle.traffic);
    render(tables(view, chronicle.said, this.#rates), at("tables"));
    document.title = session.lesson === undefined
      ? "oneip playground"
      : `${session.lesson.title} · oneip playground`;
  }

  #showBuckets(buckets: Buckets | undefined): void {
    const canvas = at("grid");
    canvas.hidden = buckets === undefined;
    if (buckets !== undefined) {
      const moved = movedBuckets(this.#buckets, buckets);
      if (moved.length > 0) this.#moved = describeMoves(this.#buckets!, buckets, moved);
      // The map flashes what differs from what it was given before: the same is given only once.
      const isSame = moved.length === 0 && this.#buckets?.cluster === buckets.cluster &&
        this.#buckets.owners.length === buckets.owners.length &&
        this.#buckets.inTransition.length === buckets.inTransition.length;
      if (!isSame) this.#map.show(this.#buckets = buckets, undefined);
      canvas.setAttribute("aria-label", labelOf(buckets));
    }
    render(
      html`
        <p class="quiet">${buckets === undefined ? "No dispatcher and no agent is at work." : this.#pointed ||
          `One cell for each of ${
            whole(buckets.owners.length)
          } buckets, in the colour of its server.`}${(buckets?.inTransition.length ?? 0) > 0
          ? ` The ${whole(buckets!.inTransition.length)} paler ones are in transition.`
          : ""}</p>
        <p class="moved">${this.#moved}</p>
      `,
      at("buckets"),
    );
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

  #chooseFrame(number: number): void {
    this.#frame = this.#session.chronicle.recording.find(number);
    this.#field = undefined;
    this.#mustShow = true;
  }

  async #open(id: string): Promise<void> {
    const lesson = LESSONS.find((one) => one.id === id);
    history.replaceState(null, "", location.pathname + location.search);
    await this.show({ scene: lesson?.scene ?? FREE, schedule: [], atUs: 0, ...(lesson && { lesson: id }) });
  }

  async #share(): Promise<void> {
    try {
      const address = await writeAddress(this.#session.moment);
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
    const canvas = at("links");
    const placeIn = ({ clientX, clientY }: MouseEvent) => {
      const { left, top } = canvas.getBoundingClientRect();
      return { x: clientX - left, y: clientY - top };
    };
    canvas.addEventListener("click", (event) => {
      const place = placeIn(event);
      const frame = this.#drawing.frameAt(place);
      const link = this.#drawing.linkAt(place);
      if (frame !== undefined) this.#chooseFrame(frame.number);
      else if (link !== undefined) this.#choose({ link });
    });
    canvas.addEventListener("pointermove", (event) => {
      const place = placeIn(event);
      const isOn = this.#drawing.frameAt(place) !== undefined || this.#drawing.linkAt(place) !== undefined;
      canvas.style.cursor = isOn ? "pointer" : "";
    });
    const grid = at("grid");
    const point = (bucket: number | undefined) => {
      this.#pointed = bucket === undefined || this.#buckets === undefined
        ? ""
        : `Bucket ${whole(bucket)}: ${ownerOf(this.#buckets, bucket)}.`;
      this.#mustShow = true;
    };
    grid.addEventListener("pointermove", (event) => point(this.#map.bucketAt(event)));
    grid.addEventListener("pointerleave", () => point(undefined));
    new ResizeObserver(() => this.#arrange()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#drawing.renew();
      this.#map.draw();
    });
    addEventListener("hashchange", () =>
      void readAddress(location.hash).then((read) => {
        if (read !== undefined) return this.#read(read);
      }));
  }

  #arrange(): void {
    this.#isNarrow = at("links").clientWidth < NARROW;
    this.#places = layOut(this.#session.scene, this.#isNarrow);
    this.#drawing.arrange(this.#places, this.#isNarrow);
    this.#drawing.renew();
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

function labelOf({ owners, backends }: Buckets): string {
  const counts = new Map<number, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const shares = [...counts].sort(([, one], [, other]) => other - one)
    .map(([owner, count]) => `${backends[owner] ?? "nobody"} ${percent(count / owners.length)}`);
  return `Bucket map of ${whole(owners.length)} buckets: ${shares.join(", ")}`;
}

const sign = (path: string) =>
  html`
    <svg viewBox="0 0 12 12" aria-hidden="true">
      <path d=${path} />
    </svg>
  `;

const LEGEND = html`
  <span>${sign(
    "M6 1.500a4.500 4.500 0 1 0 .01 0z",
  )} of clients and servers, in the colour of the server it is for</span>
  <span>${sign("M2 2h8v8H2z")} who has this address?</span>
  <span>${sign("M6 .5L11.500 6 6 11.500.5 6z")} ICMP</span>
  <span>${sign("M6 4a2 2 0 1 0 .01 0z")} told between machines</span>
`;
