/** The page: answers and events come in, and what is known by them is shown. */

import { render } from "../../../node_modules/lit-html/lit-html.js";
import { ask, keepToken, takeToken } from "./ask.js";
import { backends } from "./backends.js";
import { client, markedBucket } from "./client.js";
import { chosenBackends, cluster } from "./cluster.js";
import { drops } from "./drops.js";
import { events } from "./events.js";
import { follow } from "./follow.js";
import { connection, facts, notice } from "./head.js";
import { known, MOST_EVENTS, shownCluster } from "./known.js";
import { BucketMap } from "./map.js";
import { mapLabel, mapWords } from "./map_words.js";
import { ownerOf } from "./moves.js";
import { Plot } from "./plots.js";
import { Poll } from "./poll.js";
import { administer, setWeight } from "./steer.js";
import { clock, whole } from "./words.js";

/** Lines in a plot. */
const MOST_LINES = 8;

/** After a lost stream of events. */
const AGAIN_MS = 2000;

const at = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const grid = /** @type {HTMLCanvasElement} */ (at("grid"));
const map = new BucketMap(grid, at("mark"));
const times = { ofDay: true, words: (/** @type {number} */ seconds) => clock(1000 * seconds) };
const plots = /** @type {const} */ ([
  ["frames", new Plot(at("plot-frames"), times)],
  ["bits", new Plot(at("plot-bits"), times)],
  ["probeMs", new Plot(at("plot-probes"), times)],
]);
const poll = new Poll(changed);
let pointed = "";
let isAwaited = false;

/** Shows it with the next picture, and only once. */
function changed() {
  if (isAwaited) return;
  isAwaited = true;
  requestAnimationFrame(() => {
    isAwaited = false;
    show();
  });
}

const steering = {
  /** @type {typeof administer} */
  administer: (backend, command) => steer(administer(backend, command)),
  /** @type {typeof setWeight} */
  setWeight: (backend, weight) => steer(setWeight(backend, weight)),
  /** @param {string | undefined} name */
  showOnly(name) {
    known.only = name;
    changed();
  },
};

/** @param {Promise<void>} command */
async function steer(command) {
  await command;
  changed();
  poll.now();
}

function show() {
  const chosen = chosenBackends();
  render(facts(), at("facts"));
  render(connection(), at("connection"));
  render(notice(useToken, dismiss), at("notice"));
  render(cluster(choose), at("cluster"));
  render(backends(chosen, steering), at("backends"));
  render(client(askFor), at("client"));
  render(mapWords(pointed), at("grid-words"));
  render(drops(), at("drops"));
  render(events(), at("events"));
  map.show(known.buckets, known.only);
  map.mark(markedBucket());
  grid.setAttribute("aria-label", mapLabel());
  for (const [quantity, plot] of plots) {
    plot.show(
      known.history.times,
      chosen.slice(0, MOST_LINES).map(({ backend: { cluster, name }, index }) => ({
        name,
        index,
        points: known.history.of(cluster, name, quantity),
      })),
    );
  }
  document.title = titleOf();
}

function titleOf() {
  const { connection: { state }, status } = known;
  if (state !== "connected" || status === undefined) return "oneip: not connected";
  const live = status.clusters.reduce((sum, { live }) => sum + live, 0);
  const all = status.clusters.reduce((sum, { backends }) => sum + backends.length, 0);
  return `${status.interface}: ${live} of ${all} live`;
}

function choose() {
  if (known.buckets?.cluster !== shownCluster()?.name) poll.now();
  changed();
}

/** @param {string} token */
function useToken(token) {
  keepToken(token);
  dismiss();
  comeBack();
}

function dismiss() {
  known.told = { text: "", isError: false };
  changed();
}

/** @param {string} address */
function askFor(address) {
  known.client = address;
  known.isClientOld = true;
  poll.now();
}

/** @type {AbortController | undefined} */
let following;

/** Follows the events until the page is hidden, and again when the stream ends. */
async function followEvents() {
  following?.abort();
  const { signal } = following = new AbortController();
  while (!signal.aborted) {
    try {
      await catchUp();
      await follow(known.events[0]?.number ?? 0, { opened, heard }, signal);
    } catch {
      // The poll finds out why, and says so.
    }
    if (signal.aborted) return;
    known.isFollowing = false;
    changed();
    poll.soon();
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** What happened before, and while the page did not listen. Of an earlier process what is known stays. */
async function catchUp() {
  /** @type {import("./answers.d.ts").DispatcherEvent[]} */
  const latest = (await ask("GET", "/v1/events/latest")).reverse();
  const isKnown = new Set(latest.map(({ time, number }) => `${time} ${number}`));
  const earlier = known.events.filter(({ time, number }) => !isKnown.has(`${time} ${number}`));
  known.events = [...latest, ...earlier].slice(0, MOST_EVENTS);
}

function opened() {
  known.isFollowing = true;
  changed();
}

/** @param {import("./answers.d.ts").DispatcherEvent} event */
function heard(event) {
  known.events = [event, ...known.events].slice(0, MOST_EVENTS);
  changed();
  poll.soon();
}

function comeBack() {
  poll.now();
  void followEvents();
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return comeBack();
  poll.stop();
  following?.abort();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  map.draw();
  for (const [, plot] of plots) plot.drawAnew();
  changed();
});
grid.addEventListener("pointermove", (event) => {
  const bucket = map.bucketAt(event);
  pointed = bucket === undefined || known.buckets === undefined
    ? ""
    : `Bucket ${whole(bucket)}: ${ownerOf(known.buckets, bucket)}`;
  changed();
});
grid.addEventListener("pointerleave", () => {
  pointed = "";
  changed();
});

takeToken();
changed();
if (!document.hidden) comeBack();
