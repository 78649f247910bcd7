/**
 * The screen as lines, drawn from what is known and what people have chosen. From the top:
 *
 *     who, since when; what it does at present; what is wrong     3, the last empty while all is well
 *     backends                                                    1 and a row for each that there is room for
 *     the selected one: its state, and why                        1
 *     drops by verdict                                            1 and a row for each
 *     events                                                      1 and a row for each
 *     keys, a question, or what came of it                        1
 */

import type { DispatcherEvent } from "../api/events.ts";
import { formatSpan } from "../system/span.ts";
import { formatCount, formatProbe, formatRate } from "./amounts.ts";
import { lineOf, type Paint, type Segment, shorten } from "./line.ts";
import type { BackendReading, Readings } from "./readings.ts";
import { type Characters, sparkline } from "./sparkline.ts";
import { inOrder, rowOf, type View } from "./view.ts";

export interface Known {
  readonly readings: Readings;
  /** The latest last. */
  readonly events: readonly DispatcherEvent[];
  /** Why the dispatcher has not answered since, in milliseconds since 1970; undefined while it does. */
  readonly trouble: { readonly why: string; readonly sinceMs: number } | undefined;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Style {
  readonly isPainted: boolean;
  readonly characters: Characters;
}

const FIXED_ROWS = 8;
/** Of drops, and of events, while the backends need the room. */
const MOST_OTHERS = 4;

/** Columns of backends between the name and the sparkline, with their widths. */
const COLUMNS = { state: 8, share: 7, "frames/s": 8, "bits/s": 6, probe: 7 };
const GAP = "  ";
const FIXED_COLUMNS = GAP.length +
  Object.values(COLUMNS).reduce((sum, width) => sum + GAP.length + width, GAP.length);
/** Unless names need less room. */
const LEAST_BARS = 10;
const MOST_BARS = 60;

const PAINTS: Readonly<Partial<Record<BackendReading["state"], Paint>>> = {
  up: "green",
  down: "red",
  flapping: "yellow",
  draining: "yellow",
};

const HELP = [
  "",
  "s              sort by name, state, share, frames/s or probe time",
  "arrows, j, k   move; also Page Up, Page Down, Home, End",
  "d              drain the selected backend: no new clients, its connections stay",
  "u              undrain it: it serves again",
  "q, Ctrl-C      quit; the dispatcher goes on",
  "",
  "share          of the cluster's buckets, so of its clients",
  "frames/s       to the backend's machine, for all clusters; the bars are the",
  "               last seconds, the highest is the most that any backend had",
  "probe          time of the latest probe that succeeded",
  "",
  "Any key goes back.",
];

type Liner = (...segments: readonly Segment[]) => string;

/** As many lines as there are rows, and none wider than the columns. */
export function screenOf(known: Known, view: View, { columns, rows }: Size, style: Style): string[] {
  const line = linerOf(columns, style);
  const { backends } = known.readings;
  const room = roomOf(known, rows);
  const sorted = inOrder(backends, view.order);
  const selected = rowOf(sorted, view.selected);
  // The selected one stands in the middle, where there are more than there is room for.
  const first = Math.max(0, Math.min(sorted.length - room.backends, selected - (room.backends >> 1)));
  const shown = sorted.slice(first, first + room.backends);
  const table = [
    ...backendLines(shown, backends, columns, style, selected - first),
    line(placeOf(first, shown.length, backends.length) + describeBackend(sorted[selected])),
  ];
  const parts = view.isHelp
    ? [HELP.map((text) => line(text))]
    : [table, dropLines(known.readings, room.drops, line), eventLines(known.events, room.events, line)];
  return filled([headLines(known, line), ...parts], [line(...footerOf(view))], rows);
}

/** Of these rows: `last` at the bottom, and a blank one between the parts where there is room. */
function filled(parts: readonly (readonly string[])[], last: readonly string[], rows: number): string[] {
  const lines = parts.flat();
  const spare = rows - last.length - lines.length;
  // The first part ends with a row that is mostly blank.
  const roomy = spare < parts.length - 2
    ? lines
    : parts.flatMap((part, index) => index > 1 ? ["", ...part] : part);
  const missing = Math.max(0, rows - last.length - roomy.length);
  return [...roomy.slice(0, rows - last.length), ...new Array(missing).fill(""), ...last];
}

/** All that is known, for whoever reads it later: a row for each backend and drop, and no keys. */
export function pageOf(known: Known, columns: number, style: Style): string[] {
  const line = linerOf(columns, style);
  const { backends, drops } = known.readings;
  return [
    ...headLines(known, line),
    ...backendLines(backends, backends, columns, style),
    "",
    ...dropLines(known.readings, drops.length, line),
    "",
    ...eventLines(known.events, MOST_OTHERS, line),
  ].map((text) => text.trimEnd());
}

/** How many rows each part gets: backends what the others leave, and events, then drops, what the backends do not need. */
export function roomOf({ readings: { backends, drops }, events }: Known, rows: number) {
  const free = Math.max(0, rows - FIXED_ROWS);
  const leastDrops = Math.min(drops.length, MOST_OTHERS);
  const leastEvents = Math.min(events.length, MOST_OTHERS);
  const forBackends = Math.min(backends.length, Math.max(1, free - leastDrops - leastEvents));
  const forEvents = Math.min(events.length, Math.max(0, free - forBackends - leastDrops));
  const forDrops = Math.min(drops.length, Math.max(0, free - forBackends - forEvents));
  return { backends: forBackends, events: forEvents, drops: forDrops };
}

function linerOf(columns: number, { isPainted }: Style): Liner {
  return (...segments) => lineOf(columns, isPainted, ...segments);
}

function headLines({ readings, trouble }: Known, line: Liner): string[] {
  const { status, timeMs, framesIn, framesFast, framesDispatched, bitsDispatched, framesDropped } = readings;
  const { interface: name, startedAt, epoch, runtime, fastPath, pair, clusters } = status;
  const alarms = clusters.filter(({ healthIgnored }) => healthIgnored).map(({ name, live, minimum }) =>
    `${name}: fewer than ${minimum} backends are healthy, so health is ignored and ${live} get clients`
  ).concat(
    clusters.flatMap(({ name, routes }) =>
      routes === null || routes.state === "announced"
        ? []
        : [`${name}: routes ${routes.state}, ${routes.why}`]
    ),
  );
  const wrong = trouble === undefined
    ? alarms.join("; ")
    : `No answer since ${timeOf(trouble.sinceMs)}, asked again each second: ${trouble.why}`;
  return [
    line(
      ["oneip top", "bold"],
      [
        "",
        name,
        `up ${formatSpan(Math.max(0, timeMs - Date.parse(startedAt)))}`,
        timeOf(timeMs),
        `epoch ${epoch}`,
        ...(pair?.families ?? []).map(({ family, state }) => `${family} ${state}`),
        `buckets moving ${readings.bucketsInTransition}`,
        runtime,
      ].join(GAP),
    ),
    line([
      `in ${formatRate(framesIn)} frames/s`,
      `to backends ${formatRate(framesDispatched)}, ${formatRate(bitsDispatched)}bit/s`,
      `dropped ${formatRate(framesDropped)}`,
      fastPath.interface === null ? "no fast path" : `fast path ${formatRate(framesFast)}`,
    ].join(GAP)),
    line([wrong, "red"]),
  ];
}

/** `all` give the widths and the scale of the bars, so that nothing jumps when one scrolls. */
function backendLines(
  shown: readonly BackendReading[],
  all: readonly BackendReading[],
  columns: number,
  style: Style,
  selected?: number,
): string[] {
  const line = linerOf(columns, style);
  const isOneCluster = all.every(({ cluster }) => cluster === all[0]!.cluster);
  const nameOf = ({ id, name }: BackendReading) => isOneCluster ? name : id;
  const room = Math.max(LEAST_BARS, columns - FIXED_COLUMNS);
  const widest = all.reduce((most, backend) => Math.max(most, nameOf(backend).length), "backend".length);
  const nameWidth = Math.max("backend".length, Math.min(widest, room - LEAST_BARS));
  const bars = Math.min(MOST_BARS, room - nameWidth);
  const most = all.reduce(
    (most, { history }) => history.slice(-bars).reduce((one, other) => Math.max(one, other), most),
    0,
  );
  const right = (column: keyof typeof COLUMNS, text: string) => GAP + text.padStart(COLUMNS[column]);
  const head = GAP + "backend".padEnd(nameWidth) + GAP + "state".padEnd(COLUMNS.state) +
    (["share", "frames/s", "bits/s", "probe"] as const).map((column) => right(column, column)).join("");
  const rows = shown.map((backend, index) => {
    const isSelected = index === selected;
    const { state, share, frames, bits, probeMs, history } = backend;
    const name = (isSelected ? "> " : GAP) + shorten(nameOf(backend), nameWidth).padEnd(nameWidth);
    const numbers = right("share", `${(100 * share).toFixed(1)} %`) + right("frames/s", formatRate(frames)) +
      right("bits/s", formatRate(bits)) + right("probe", formatProbe(probeMs)) + GAP +
      sparkline(history, most, bars, style.characters);
    const word = state.padEnd(COLUMNS.state);
    if (isSelected) return line([name + GAP + word + numbers, "selected"]);
    const paint = PAINTS[state];
    return line(name + GAP, paint === undefined ? word : [word, paint], numbers);
  });
  return [line([head, "bold"]), ...rows];
}

function describeBackend(backend: BackendReading | undefined): string {
  if (backend === undefined) return "There are no backends";
  const { id, address, state, why, weight, backup } = backend;
  return `${id} at ${address} is ${state}: ${why}; weight ${weight}${backup ? ", backup" : ""}`;
}

/** Only while not all are shown. */
function placeOf(first: number, shown: number, all: number): string {
  return shown === all ? "" : `${first + 1} to ${first + shown} of ${all}; `;
}

function dropLines({ drops }: Readings, count: number, line: Liner): string[] {
  if (drops.length === 0) return [line(["dropped: nothing", "bold"])];
  const width = Math.max("dropped".length, ...drops.map(({ name }) => name.length));
  const row = (name: string, rate: string, total: string) =>
    `${name.padEnd(width)}${GAP}${rate.padStart(8)}${GAP}${total.padStart(15)}`;
  return [
    line([row("dropped", "frames/s", "in all"), "bold"]),
    ...drops.slice(0, count).map(({ name, rate, total }) =>
      line(row(name, formatRate(rate), formatCount(total)))
    ),
  ];
}

function eventLines(events: readonly DispatcherEvent[], count: number, line: Liner): string[] {
  const latest = events.slice(Math.max(0, events.length - count)).toReversed();
  return [
    line([events.length === 0 ? "events: none" : "events, the latest first", "bold"]),
    ...latest.map(({ time, name, message, data }) =>
      line([timeOf(Date.parse(time)), name, describeData(data) || message].join(GAP))
    ),
  ];
}

/** What tells one event from another of its name; empty where nothing does. */
function describeData({ cluster, backend, moved, buckets, reason }: DispatcherEvent["data"]): string {
  const whose = [cluster, backend].filter((name) => typeof name === "string").join("/");
  const moves = typeof moved === "number" ? `${moved} of ${buckets} buckets` : "";
  return [whose, moves, reason].filter((text) => typeof text === "string" && text !== "").join(GAP);
}

function footerOf({ asked, message, order }: View): Segment[] {
  if (asked !== undefined) {
    return [[`Drain ${asked}? It gets no new clients, and keeps its connections. y/n`, "bold"]];
  }
  if (message !== "") return [message];
  return [`q quit  s sort: ${order}  arrows move  d drain  u undrain  ? help`];
}

/** By the clock on the wall of who looks. */
function timeOf(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}
