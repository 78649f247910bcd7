/**
 * Links and frames, drawn anew for each picture. Whoever sees no picture has the same in words: machines and links are controls beside
 * it (machines.ts, chosen.ts), and frames are rows of a table.
 *
 * Frames keep to the right of their link, so that those of both directions pass each other.
 */

import { cssColourOf } from "../../../dashboard/page/colours.js";
import { type Crossing, endOf, progressOf } from "../../seen/recording.ts";
import type { LinkView } from "../../seen/view.ts";
import type { Place } from "./layout.ts";
import { ownerOf, type Shape, shapeOf } from "./look.ts";

export interface Picture {
  readonly atUs: number;
  readonly links: readonly LinkView[];
  /** On their way now. */
  readonly frames: readonly Crossing[];
  /** Links on which something went by since the last picture, too fast to be seen. */
  readonly busy: ReadonlySet<string>;
  /** By MAC, as `macAt` has it: the colour's index. */
  readonly backends: ReadonlyMap<string, number>;
  readonly chosenLink: string | undefined;
  readonly chosenFrame: number | undefined;
}

/** Where the drawing is in pixels. */
const USUAL_REM = 10;
/** Pixels between a link and the frames on it. */
const ASIDE = 5;
/** Pixels around the middle of a machine, in which nothing is drawn. */
const CLEAR = 24;
const SIZE = 4.5;
const NEAR_FRAME = 14;
const NEAR_LINK = 10;
/** How long a link shows that something went by. */
const GLOW_MS = 350;

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Colours {
  readonly line: string;
  readonly text: string;
  readonly quiet: string;
  readonly bad: string;
  readonly warn: string;
  readonly chosen: string;
  readonly ground: string;
  readonly font: string;
}

export class Drawing {
  readonly #canvas: HTMLCanvasElement;
  readonly #glow = new Map<string, number>();
  #places: ReadonlyMap<string, Place> = new Map();
  #isNarrow = false;
  #width = 0;
  #height = 0;
  /** Pixels of the page: the drawing grows with its letters. */
  #unit = 1;
  #colours: Colours | undefined;
  #latest: Picture | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  arrange(places: ReadonlyMap<string, Place>, isNarrow: boolean): void {
    this.#places = places;
    this.#isNarrow = isNarrow;
  }

  /** The theme or the size has changed. */
  renew(): void {
    this.#colours = undefined;
    this.#unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL_REM;
    this.#width = 0;
  }

  /** In units of the drawing. */
  get width(): number {
    return this.#canvas.clientWidth / this.#unit;
  }

  draw(picture: Picture, nowMs: number): void {
    this.#latest = picture;
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    this.#fit(context);
    const colours = this.#colours ??= coloursOf(this.#canvas);
    context.clearRect(0, 0, this.#width, this.#height);
    for (const link of picture.busy) this.#glow.set(link, nowMs);
    for (const link of picture.links) this.#drawLink(context, colours, picture, link, nowMs);
    for (const frame of picture.frames) this.#drawFrame(context, colours, picture, frame);
  }

  /** Links still show that something went by. */
  get isGlowing(): boolean {
    return this.#glow.size > 0;
  }

  /** The frame and the link at this place of the page. */
  at(
    { clientX, clientY }: MouseEvent,
  ): { readonly frame: Crossing | undefined; readonly link: string | undefined } {
    const { left, top } = this.#canvas.getBoundingClientRect();
    const at = { x: (clientX - left) / this.#unit, y: (clientY - top) / this.#unit };
    const frame = nearest(this.#latest?.frames ?? [], NEAR_FRAME, (frame) => {
      const point = this.#pointOf(frame);
      return point === undefined ? Infinity : Math.hypot(point.x - at.x, point.y - at.y);
    });
    const link = nearest(this.#latest?.links ?? [], NEAR_LINK, ({ ends: [from, to] }) => {
      const ends = this.#ends(from, to);
      return ends === undefined ? Infinity : distanceTo(at, ...ends);
    });
    return { frame, link: link?.name };
  }

  #fit(context: CanvasRenderingContext2D): void {
    if (this.#width > 0) return;
    const { clientWidth, clientHeight } = this.#canvas;
    const ratio = Math.min(2, devicePixelRatio);
    this.#width = clientWidth / this.#unit;
    this.#height = clientHeight / this.#unit;
    this.#canvas.width = Math.round(clientWidth * ratio);
    this.#canvas.height = Math.round(clientHeight * ratio);
    context.setTransform(ratio * this.#unit, 0, 0, ratio * this.#unit, 0, 0);
  }

  #place(name: string): Point | undefined {
    const place = this.#places.get(name);
    if (place === undefined) return undefined;
    const { along, across } = place;
    const [x, y] = this.#isNarrow ? [across, along] : [along, across];
    return { x: x * this.#width, y: y * this.#height };
  }

  #ends(from: string, to: string): [Point, Point] | undefined {
    const [one, other] = [this.#place(from), this.#place(to)];
    return one === undefined || other === undefined ? undefined : [one, other];
  }

  #pointOf(frame: Crossing, atUs = this.#latest?.atUs ?? 0): Point | undefined {
    const ends = this.#ends(frame.from, frame.to);
    if (ends === undefined) return undefined;
    const [{ x, y }, { x: toX, y: toY }] = ends;
    const length = Math.max(1, Math.hypot(toX - x, toY - y));
    const clear = Math.min(CLEAR, length / 3);
    const way = clear + progressOf(frame, atUs) * (length - 2 * clear);
    const [dx, dy] = [(toX - x) / length, (toY - y) / length];
    return { x: x + dx * way - dy * ASIDE, y: y + dy * way + dx * ASIDE };
  }

  #drawLink(
    context: CanvasRenderingContext2D,
    colours: Colours,
    { chosenLink }: Picture,
    { name, ends: [from, to], state, label }: LinkView,
    nowMs: number,
  ): void {
    const ends = this.#ends(from, to);
    if (ends === undefined) return;
    const [one, other] = ends;
    const glow = 1 - (nowMs - (this.#glow.get(name) ?? -Infinity)) / GLOW_MS;
    if (glow <= 0) this.#glow.delete(name);
    context.strokeStyle = name === chosenLink
      ? colours.chosen
      : state === "down"
      ? colours.bad
      : state === "bad"
      ? colours.warn
      : glow > 0
      ? colours.quiet
      : colours.line;
    context.lineWidth = name === chosenLink ? 3 : 1.5;
    context.setLineDash(state === "down" ? [3, 5] : state === "bad" ? [8, 4] : []);
    context.beginPath();
    context.moveTo(one.x, one.y);
    context.lineTo(other.x, other.y);
    context.stroke();
    context.setLineDash([]);
    if (label !== "") this.#drawLabel(context, colours, label, (one.x + other.x) / 2, (one.y + other.y) / 2);
  }

  #drawLabel(context: CanvasRenderingContext2D, colours: Colours, label: string, x: number, y: number): void {
    context.font = `12px ${colours.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const width = context.measureText(label).width + 8;
    context.fillStyle = colours.ground;
    context.fillRect(x - width / 2, y - 9, width, 18);
    context.fillStyle = colours.text;
    context.fillText(label, x, y);
  }

  #drawFrame(
    context: CanvasRenderingContext2D,
    colours: Colours,
    { atUs, backends, chosenFrame }: Picture,
    frame: Crossing,
  ): void {
    const point = this.#pointOf(frame, atUs);
    if (point === undefined) return;
    const owner = ownerOf(frame.octets, backends);
    const isLost = frame.arrivesUs === Infinity;
    context.globalAlpha = isLost ? Math.max(0, 1 - (atUs - frame.sentUs) / (endOf(frame) - frame.sentUs)) : 1;
    context.fillStyle = owner === undefined ? colours.text : cssColourOf(owner);
    context.strokeStyle = colours.ground;
    context.lineWidth = 1.5;
    const size = SIZE + Math.min(2.5, frame.length / 600);
    if (isLost) drawCross(context, point, size, colours.bad);
    else drawShape(context, shapeOf(frame.octets), point, size);
    context.globalAlpha = 1;
    if (frame.number !== chosenFrame) return;
    context.strokeStyle = colours.chosen;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(point.x, point.y, size + 4, 0, 2 * Math.PI);
    context.stroke();
  }
}

function drawShape(context: CanvasRenderingContext2D, shape: Shape, { x, y }: Point, size: number): void {
  context.beginPath();
  if (shape === "circle") context.arc(x, y, size, 0, 2 * Math.PI);
  else if (shape === "dot") context.arc(x, y, size / 2, 0, 2 * Math.PI);
  else if (shape === "square") context.rect(x - size + 0.5, y - size + 0.5, 2 * size - 1, 2 * size - 1);
  else {
    context.moveTo(x, y - size - 1);
    context.lineTo(x + size + 1, y);
    context.lineTo(x, y + size + 1);
    context.lineTo(x - size - 1, y);
    context.closePath();
  }
  context.fill();
  context.stroke();
}

function drawCross(context: CanvasRenderingContext2D, { x, y }: Point, size: number, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x - size, y - size);
  context.lineTo(x + size, y + size);
  context.moveTo(x + size, y - size);
  context.lineTo(x - size, y + size);
  context.stroke();
}

function nearest<T>(all: readonly T[], within: number, distanceOf: (one: T) => number): T | undefined {
  let found: T | undefined;
  let least = within;
  for (const one of all) {
    const distance = distanceOf(one);
    if (distance >= least) continue;
    least = distance;
    found = one;
  }
  return found;
}

/** From a point to a stretch between two others. */
function distanceTo({ x, y }: Point, one: Point, other: Point): number {
  const [dx, dy] = [other.x - one.x, other.y - one.y];
  const square = Math.max(1, dx * dx + dy * dy);
  const share = Math.min(1, Math.max(0, ((x - one.x) * dx + (y - one.y) * dy) / square));
  return Math.hypot(x - one.x - share * dx, y - one.y - share * dy);
}

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    line: of("--link-line"),
    text: of("--text"),
    quiet: of("--quiet"),
    bad: of("--bad"),
    warn: of("--warn"),
    chosen: of("--link"),
    ground: of("--ground"),
    font: style.fontFamily,
  };
}
