/** What is told to BIRD, and what of it: in virtual time, with a socket that speaks as BIRD does, or worse. */

import pino from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MOST_OCTETS } from "../../src/fleet/bird_reply.ts";
import { ANSWER_MS } from "../../src/fleet/bird.ts";
import { ASK_MS, Routes, withdrawLeft } from "../../src/fleet/routes.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { until } from "../../src/system/until.ts";
import { FakeBird } from "./fake_bird.ts";

const WEB = { name: "web", addresses: ["10.1.0.100", "2001:db8:100::100"] };
const MAIL = { name: "mail", addresses: ["10.1.0.101"] };
const PROTOCOLS = [
  "oneip_web_ipv4",
  "oneip_web_ipv4_drain",
  "oneip_web_ipv6",
  "oneip_web_ipv6_drain",
  "oneip_mail_ipv4",
  "oneip_mail_ipv4_drain",
];

interface Line {
  readonly event: string;
  readonly [key: string]: unknown;
}

let bird: FakeBird;
let clock: VirtualClock;
let lines: Line[];
const running: Routes[] = [];

beforeEach(async () => {
  bird = new FakeBird(PROTOCOLS);
  await bird.start();
  clock = new VirtualClock();
  lines = [];
});

afterEach(async () => {
  for (const routes of running.splice(0)) routes.stop();
  await bird[Symbol.asyncDispose]();
});

const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });

function routesOf(clusters: readonly typeof WEB[] = [WEB], drainMs = 2000): Routes {
  const routes = new Routes({ bird: { socket: bird.path, drainMs }, clusters, clock, log });
  running.push(routes);
  return routes;
}

/** The events since the last time, each with its cluster or what else is said. */
function told(): string[] {
  return lines.splice(0).map(({ event, cluster, reason }) =>
    [event, cluster, reason].filter(Boolean).join(" ")
  );
}

test("at the start what was left announced is withdrawn; then each cluster's routes are announced and withdrawn as it is wished", async () => {
  await withdrawLeft({ bird: { socket: bird.path, drainMs: 0 }, clusters: [WEB], clock, log });
  expect(bird.enabled).toEqual(["oneip_mail_ipv4"]);
  const routes = routesOf([WEB, MAIL]);
  routes.start();
  await routes.asked();
  expect(bird.enabled).toEqual([]);
  routes.wish("web", "announced", "2 of 2 backends are live");
  await routes.asked();
  expect(bird.enabled).toEqual(["oneip_web_ipv4", "oneip_web_ipv6"]);
  expect(routes.stateOf("web")).toMatchObject({
    state: "announced",
    why: "2 of 2 backends are live",
    sinceMs: 0,
  });
  await clock.advance(100);
  routes.wish("web", "announced", "1 of 2 backends are live");
  expect(routes.stateOf("web")).toMatchObject({ why: "1 of 2 backends are live", sinceMs: 0 });
  routes.wish("web", "withdrawn", "0 of at least 1 backends are live");
  await routes.asked();
  expect(bird.enabled).toEqual([]);
  expect(routes.stateOf("mail")).toMatchObject({ state: "withdrawn", why: "the dispatcher is starting" });
  expect(told()).toEqual([
    "route.announced web 2 of 2 backends are live",
    "route.withdrawn web 0 of at least 1 backends are live",
  ]);
});

test("a planned stop announces them as leaving before the usual ones go, waits, and withdraws them", async () => {
  const routes = routesOf();
  routes.start();
  routes.wish("web", "announced", "all");
  await routes.asked();
  bird.asked.length = 0;
  let hasLeft = false;
  void routes.leave("the dispatcher stops").then(() => hasLeft = true);
  await until("the routes are leaving", () => routes.stateOf("web").state === "leaving");
  expect(bird.asked).toEqual([
    'enable "oneip_web_ipv4_drain"',
    'disable "oneip_web_ipv4"',
    'enable "oneip_web_ipv6_drain"',
    'disable "oneip_web_ipv6"',
  ]);
  await routes.asked();
  await clock.advance(1999);
  expect([hasLeft, bird.enabled.length]).toEqual([false, 3]);
  await clock.advance(1);
  await until("it has left", () => hasLeft);
  expect(bird.enabled).toEqual(["oneip_mail_ipv4"]);
  expect(lines.map(({ level }) => level), "nothing is wrong").toEqual([30, 30, 30]);
  expect(told()).toEqual([
    "route.announced web all",
    "route.leaving web the dispatcher stops",
    "route.withdrawn web the dispatcher stops",
  ]);
});

test("whatever BIRD has become meanwhile is set again within a second: a restart, another's command", async () => {
  const routes = routesOf();
  routes.start();
  routes.wish("web", "announced", "all");
  await routes.asked();
  bird.protocols.set("oneip_web_ipv4", false).set("oneip_web_ipv6_drain", true);
  await clock.advance(ASK_MS);
  await until(
    "it is set again",
    () => bird.enabled.join() === "oneip_web_ipv4,oneip_web_ipv6,oneip_mail_ipv4",
  );
  await bird.stop();
  await until("it is noticed", async () => {
    await clock.advance(ASK_MS);
    return !routes.bird.answers;
  });
  expect(routes.stateOf("web")).toMatchObject({ state: "unknown" });
  routes.wish("web", "withdrawn", "none");
  await clock.advance(10 * ASK_MS);
  for (const name of PROTOCOLS) bird.protocols.set(name, !name.endsWith("_drain"));
  await bird.start();
  await routes.asked();
  expect(routes.stateOf("web").state).toBe("withdrawn");
  expect(bird.enabled).toEqual(["oneip_mail_ipv4"]);
  expect(told()).toEqual([
    "route.announced web all",
    expect.stringContaining("bird.lost "),
    "bird.back",
    "route.withdrawn web none",
  ]);
});

test.each<[string, (fake: FakeBird) => void, string]>([
  ["is silent", (fake) => fake.says = () => "", `it has not answered for ${ANSWER_MS / 1000} s`],
  ["does not greet", (fake) => fake.greeting = "", `it has not answered for ${ANSWER_MS / 1000} s`],
  [
    "is a web server",
    (fake) => fake.greeting = "HTTP/1.1 400 Bad Request\n",
    '"HTTP/1.1 400 Bad Request" is no reply of BIRD\'s',
  ],
  ["greets as something else", (fake) => fake.greeting = "0000 OK\n", '"OK" is no greeting of BIRD\'s'],
  [
    "says what is no reply",
    (fake) => fake.says = () => "0000 \nonsense\n",
    '"onsense" is no reply of BIRD\'s',
  ],
  ["answers before it is asked", (fake) => fake.greeting += "0000 \n", "it answers what nobody has asked"],
  [
    "goes on with a code that it has not said",
    (fake) => fake.says = () => " up\n",
    '" up" is no reply of BIRD\'s',
  ],
  [
    "never ends a reply",
    (fake) => fake.says = () => `1002-${"x".repeat(MOST_OCTETS)}`,
    `a reply has more than ${MOST_OCTETS} octets`,
  ],
  [
    "may only be read",
    (fake) => fake.says = (command) => command.startsWith("show") ? undefined : "8007 Access denied\n",
    'BIRD refuses "disable "oneip_web_ipv4"": Access denied (8007)',
  ],
])("a BIRD that %s is told of once, and asked again until it answers", async (what, spoil, reason) => {
  const { greeting } = bird;
  const isSilent = what === "is silent" || what === "does not greet";
  spoil(bird);
  const routes = routesOf();
  routes.start();
  await until("it is told", async () => {
    if (isSilent) await clock.advance(ANSWER_MS);
    return lines.length > 0;
  });
  expect(lines[0]).toMatchObject({ event: "bird.lost", reason, socket: bird.path });
  for (let times = 0; times < 5; times++) {
    let isAsked = false;
    void routes.asked().then(() => isAsked = true);
    await until("it was asked in vain", async () => {
      if (isSilent) await clock.advance(ANSWER_MS);
      return isAsked;
    });
  }
  Object.assign(bird, { says: undefined, greeting });
  await routes.asked();
  expect(told().map((line) => line.split(" ")[0])).toEqual(["bird.lost", "bird.back"]);
  expect(bird.enabled).toEqual(["oneip_mail_ipv4"]);
});

test("a stop does not wait for a BIRD that is gone", async () => {
  const routes = routesOf();
  routes.start();
  routes.wish("web", "announced", "all");
  await routes.asked();
  await bird.stop();
  await routes.leave("the dispatcher stops");
  expect(routes.bird.answers).toBe(false);
});

test("protocols that BIRD lacks are named once, with the remedy; the other clusters are announced all the same", async () => {
  for (const name of PROTOCOLS.slice(2, 4)) bird.protocols.delete(name);
  const routes = routesOf([WEB, MAIL]);
  routes.start();
  for (const name of ["web", "mail"]) routes.wish(name, "announced", "all");
  await routes.asked();
  await clock.advance(ASK_MS);
  await routes.asked();
  expect(lines.filter(({ event }) => event === "bird.lacks")).toEqual([
    expect.objectContaining({
      protocols: ["oneip_web_ipv6", "oneip_web_ipv6_drain"],
      remedy: "add what `oneip router guide` prints for BIRD on this machine",
    }),
  ]);
  expect(routes.stateOf("web")).toMatchObject({
    state: "unknown",
    why: "BIRD has no protocol oneip_web_ipv6",
  });
  expect(routes.stateOf("mail").state).toBe("announced");
});

test("another engine goes on with what is announced, and withdraws what the configuration has no more", async () => {
  const one = routesOf([WEB, MAIL]);
  one.start();
  for (const name of ["web", "mail"]) one.wish(name, "announced", "all");
  await one.asked();
  one.stop();
  bird.asked.length = 0;
  lines.length = 0;
  await clock.advance(5000);
  const next = routesOf([{ ...WEB, addresses: ["10.1.0.100"] }]);
  next.adopt(JSON.parse(JSON.stringify(one.record())));
  next.start();
  await next.asked();
  expect(next.stateOf("web")).toMatchObject({ state: "announced", sinceMs: 0 });
  expect(bird.asked).toEqual(['disable "oneip_web_ipv6"', 'disable "oneip_mail_ipv4"']);
  expect(told()).toEqual([]);
});

test("when the last session of BGP ends, nobody hears what BIRD announces", async () => {
  bird.sessions = ["Established", "Active        Socket: Connection refused", "Passive"];
  const routes = routesOf();
  routes.start();
  await routes.asked();
  expect(routes.bird.sessions).toEqual({ established: 1, all: 2 });
  bird.sessions[0] = "Connect";
  await routes.asked();
  await routes.asked();
  bird.sessions[1] = "Established";
  await routes.asked();
  expect(told()).toEqual(["bird.unheard", "bird.heard"]);
});
