import { expect, test } from "vitest";
import { checksOf } from "../../src/demo/checks.ts";

const CLIENTS = ["a", "b"];
const EXPECTED = new Map([["a", "web1"], ["b", "web2"]]);
const FRAMES = { replies: 10, repliesThroughDispatcher: 0 };
const GOOD = ["a", "a", "b", "b"].map((client) => ({ client, backend: EXPECTED.get(client) }));

const failing = (...args: Parameters<typeof checksOf>) =>
  checksOf(...args).filter(({ passed }) => !passed).map(({ claim }) => claim);

test("all well: every check passes", () => {
  expect(failing(CLIENTS, 2, GOOD, EXPECTED, FRAMES)).toEqual([]);
});

test("a client that was not answered fails, and is named", () => {
  const answers = GOOD.with(3, { client: "b", backend: undefined });
  expect(failing(CLIENTS, 2, answers, EXPECTED, FRAMES)).toEqual([
    "every request of every client was answered",
  ]);
  expect(checksOf(CLIENTS, 2, answers, EXPECTED, FRAMES)[0]!.found).toBe("not b (web2)");
});

test("a client that never came through fails", () => {
  expect(failing(CLIENTS, 2, GOOD.slice(0, 2), EXPECTED, FRAMES)).toEqual([
    "every request of every client was answered",
  ]);
});

test("a client that met two backends fails", () => {
  const answers = GOOD.with(1, { client: "a", backend: "web2" });
  expect(failing(CLIENTS, 2, answers, EXPECTED, FRAMES)).toEqual([
    "every client met one backend only",
    "and it was the one that its hash names",
  ]);
});

test("one reply through the dispatcher fails, and so does no reply at all", () => {
  for (
    const frames of [{ replies: 10, repliesThroughDispatcher: 1 }, {
      replies: 0,
      repliesThroughDispatcher: 0,
    }]
  ) {
    expect(failing(CLIENTS, 2, GOOD, EXPECTED, frames)).toEqual(["no reply crossed the dispatcher"]);
  }
});
