import { beforeEach, describe, expect, test } from "vitest";
import {
  ALONE,
  BROADCASTS,
  DOUBTFUL,
  Neighbors,
  REACHABLE_MS,
  RETRANS_MS,
  RETRY_MS,
  UNICASTS,
} from "../../src/table/neighbors.ts";
import type { Mac } from "../../src/wire/address.ts";

const ADDRESS = "10.0.0.11";
/** Another neighbor, which answers whenever `othersAnswer`. */
const OTHER = "10.0.0.13";
const MAC: Mac = { high: 0x0200, low: 0x11 };
const MOVED: Mac = { high: 0x0200, low: 0x22 };

let neighbors: Neighbors;
let asked: ("everyone" | "known")[];
let nowMs: number;
let deafMs: number;
let othersAnswer: boolean;

const ask = (neighbor: number, mac: Mac | undefined) => {
  if (neighbor === 0) asked.push(mac === undefined ? "everyone" : "known");
};

/** Lets time pass, tick by tick; the neighbors that failed. */
function pass(ms: number): number[] {
  const end = nowMs + ms;
  const failed: number[] = [];
  while (neighbors.dueMs <= end) {
    nowMs = neighbors.dueMs;
    failed.push(...neighbors.tick(nowMs, ask, { deafMs }));
    if (othersAnswer) neighbors.learn(OTHER, MOVED, nowMs);
  }
  nowMs = end;
  return failed;
}

beforeEach(() => {
  neighbors = new Neighbors([ADDRESS, OTHER]);
  asked = [];
  nowMs = 0;
  deafMs = -Infinity;
  othersAnswer = true;
});

test("asks everyone at once, and is reachable with the first answer", () => {
  pass(0);
  expect(asked).toEqual(["everyone"]);
  expect(neighbors.state(0)).toBe("incomplete");
  expect(neighbors.learn(ADDRESS, MAC, nowMs)).toBe(0);
  expect(neighbors.state(0)).toBe("reachable");
  expect(neighbors.mac(0)).toEqual(MAC);
});

test("asks anew before an answer is too old, the known MAC first, then everyone", () => {
  pass(0);
  neighbors.learn(ADDRESS, MAC, nowMs);
  asked = [];
  pass(REACHABLE_MS - 1);
  expect(asked).toEqual([]);
  pass(1 + UNICASTS * RETRANS_MS);
  expect(asked).toEqual([...new Array(UNICASTS).fill("known"), "everyone"]);
  expect(neighbors.state(0)).toBe("probe");
  expect(neighbors.mac(0), "frames go on to the known MAC meanwhile").toEqual(MAC);
});

test("the same answer again confirms and changes nothing", () => {
  pass(0);
  neighbors.learn(ADDRESS, MAC, nowMs);
  pass(REACHABLE_MS);
  expect(neighbors.learn(ADDRESS, MAC, nowMs)).toBeUndefined();
  expect(neighbors.state(0)).toBe("reachable");
});

test("a MAC that changes is followed within 2 s", () => {
  pass(0);
  neighbors.learn(ADDRESS, MAC, nowMs);
  const changedMs = nowMs;
  while (asked.at(-1) !== "everyone" || nowMs === changedMs) {
    pass(neighbors.dueMs - nowMs);
  }
  expect(neighbors.learn(ADDRESS, MOVED, nowMs)).toBe(0);
  expect(nowMs - changedMs).toBeLessThan(2000);
  expect(neighbors.mac(0)).toEqual(MOVED);
});

describe("nobody can move a neighbor by speaking up:", () => {
  beforeEach(() => {
    pass(0);
    neighbors.learn(ADDRESS, MAC, nowMs);
  });

  test("an answer that nobody asked for", () => {
    expect(neighbors.learn(ADDRESS, MOVED, nowMs)).toBeUndefined();
    expect(neighbors.mac(0)).toEqual(MAC);
  });

  test("another MAC's answer to a question to the known one", () => {
    pass(REACHABLE_MS);
    expect(asked.at(-1)).toBe("known");
    expect(neighbors.learn(ADDRESS, MOVED, nowMs)).toBeUndefined();
    expect(neighbors.mac(0)).toEqual(MAC);
  });

  test("an answer for an address that is no neighbor", () => {
    expect(neighbors.learn("10.0.0.12", MOVED, nowMs)).toBeUndefined();
  });
});

test("fails when nobody answers, is asked for every second, and comes back", () => {
  pass(0);
  neighbors.learn(ADDRESS, MAC, nowMs);
  expect(pass(REACHABLE_MS + (UNICASTS + BROADCASTS) * RETRANS_MS)).toEqual([0]);
  expect(neighbors.state(0)).toBe("failed");
  expect(neighbors.mac(0)).toBeUndefined();
  asked = [];
  expect(pass(5 * RETRY_MS)).toEqual([]);
  expect(asked).toEqual(new Array(5).fill("everyone"));
  expect(neighbors.learn(ADDRESS, MOVED, nowMs)).toBe(0);
  expect(neighbors.state(0)).toBe("reachable");
});

test("one that never answers fails too", () => {
  expect(pass(BROADCASTS * RETRANS_MS)).toEqual([0]);
  expect(neighbors.state(0)).toBe("failed");
});

test("asks some at a time when told so, and of the rest none twice before each has been asked", () => {
  const addresses = Array.from({ length: 10 }, (_, index) => `10.0.0.${index}`);
  const many = new Neighbors(addresses);
  const order: number[] = [];
  for (let round = 0; round < 3; round++) many.tick(0, (neighbor) => order.push(neighbor), { most: 4 });
  expect(order).toEqual([...addresses.keys()]);
  expect(many.dueMs).toBe(RETRANS_MS);
});

/** What the rules are about, in questions: from the first one that is not answered to the failure. */
const USUAL_MS = REACHABLE_MS + (UNICASTS + BROADCASTS) * RETRANS_MS;

describe("silence is evidence only as far as we could have heard:", () => {
  beforeEach(() => {
    pass(0);
    neighbors.learn(ADDRESS, MAC, nowMs);
  });

  /** As if something were lost all the time. */
  function passDeaf(ms: number): number[] {
    deafMs = Infinity;
    const failed = pass(ms);
    deafMs = -Infinity;
    return failed;
  }

  test("a question in whose time we may have been deaf counts less", () => {
    expect(passDeaf(USUAL_MS)).toEqual([]);
    expect(neighbors.doubted).toBe(1);
    expect(neighbors.mac(0), "frames go on to it").toEqual(MAC);
    neighbors.learn(ADDRESS, MAC, nowMs);
    expect(neighbors.state(0)).toBe("reachable");
    expect(pass(USUAL_MS - 1), "and what was silent before the answer counts no more").toEqual([]);
    expect(pass(1)).toEqual([0]);
  });

  test("one that is dead fails also while we are never sure", () => {
    const longMs = REACHABLE_MS + (UNICASTS + BROADCASTS) * RETRANS_MS / DOUBTFUL;
    expect(passDeaf(longMs - 1)).toEqual([]);
    expect(passDeaf(1)).toEqual([0]);
  });

  test("what was lost before a question was asked says nothing about it", () => {
    pass(REACHABLE_MS);
    deafMs = nowMs;
    expect(pass(USUAL_MS - REACHABLE_MS)).toEqual([0]);
    expect(neighbors.doubted).toBe(0);
  });

  test("when nobody answers it takes twice as many questions, then all fail", () => {
    othersAnswer = false;
    neighbors.learn(OTHER, MOVED, nowMs);
    expect(pass(USUAL_MS)).toEqual([]);
    expect(neighbors.doubted).toBe(2);
    const moreMs = (ALONE - 1) * (UNICASTS + BROADCASTS) * RETRANS_MS;
    expect(pass(moreMs - 1)).toEqual([]);
    expect(pass(1)).toEqual([0, 1]);
  });
});
