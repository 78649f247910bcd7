import { expect, test } from "vitest";
import { Fallback } from "../../../src/filter/fallback/fallback.ts";
import type { LinkQuestion } from "../../../src/link/link_question.ts";
import { IP, IP6, MAC } from "../../frames.ts";
import { parseMac } from "../../../src/wire/address.ts";

const mac = parseMac(MAC.router)!;
const QUESTION: LinkQuestion = { address: IP.cluster, from: IP.router, mac };
const QUESTION6: LinkQuestion = { address: IP6.cluster, from: IP6.router, mac };

const SILENCE = { mustAsk: false, answers: [] };
const ASK = { mustAsk: true, answers: [] };
const answer = (...answers: LinkQuestion[]) => ({ mustAsk: false, answers });

test("a question is answered when the dispatcher, asked for, has not answered by the next turn", () => {
  const fallback = new Fallback();
  expect(fallback.turn(0, true)).toEqual(SILENCE);
  fallback.heardQuestion(QUESTION, 100);
  fallback.heardQuestion(QUESTION6, 110);
  expect(fallback.turn(250, true)).toEqual(ASK);
  expect(fallback.isAnswering).toBe(false);
  expect(fallback.turn(500, true)).toEqual(answer(QUESTION, QUESTION6));
  expect(fallback.isAnswering).toBe(true);
  expect(fallback.turn(750, true)).toEqual(SILENCE);
});

test("the dispatcher is asked for anew before each answer", () => {
  const fallback = new Fallback();
  for (let nowMs = 0; nowMs < 10_000; nowMs += 1000) {
    fallback.heardQuestion(QUESTION, nowMs);
    expect(fallback.turn(nowMs + 100, true)).toEqual(ASK);
    expect(fallback.turn(nowMs + 350, true)).toEqual(answer(QUESTION));
  }
});

test("a turn that comes too soon leaves the dispatcher its time", () => {
  const fallback = new Fallback();
  fallback.heardQuestion(QUESTION, 0);
  expect(fallback.turn(250, true)).toEqual(ASK);
  expect(fallback.turn(251, true)).toEqual(SILENCE);
  expect(fallback.turn(500, true)).toEqual(answer(QUESTION));
});

test("while the dispatcher shows itself nobody answers", () => {
  const fallback = new Fallback();
  fallback.heardDispatcher(0);
  fallback.heardQuestion(QUESTION, 999);
  expect(fallback.turn(1000, true)).toEqual(SILENCE);
  fallback.heardQuestion(QUESTION, 1001);
  expect(fallback.turn(1100, true)).toEqual(ASK);
  fallback.heardDispatcher(1101);
  expect(fallback.turn(1350, true)).toEqual(SILENCE);
  expect(fallback.isAnswering).toBe(false);
});

test("the dispatcher comes back: the answers end", () => {
  const fallback = new Fallback();
  fallback.heardQuestion(QUESTION, 0);
  fallback.turn(0, true);
  fallback.turn(250, true);
  expect(fallback.isAnswering).toBe(true);
  fallback.heardQuestion(QUESTION, 300);
  fallback.heardDispatcher(310);
  expect(fallback.isAnswering).toBe(false);
  expect(fallback.turn(500, true)).toEqual(SILENCE);
  expect(fallback.turn(750, true)).toEqual(SILENCE);
});

test("of all live backends one answers; the next one takes over with the questions of the last second", () => {
  const [first, second] = [new Fallback(), new Fallback()];
  for (const one of [first, second]) one.heardQuestion(QUESTION, 0);
  expect([first.turn(100, true), second.turn(100, false)]).toEqual([ASK, SILENCE]);
  expect([first.turn(350, true), second.turn(350, false)]).toEqual([answer(QUESTION), SILENCE]);
  // The first dies.
  second.heardQuestion(QUESTION, 1000);
  expect(second.turn(1100, false)).toEqual(SILENCE);
  expect(second.turn(1350, true)).toEqual(ASK);
  expect(second.turn(1600, true)).toEqual(answer(QUESTION));
  // And returns.
  second.heardQuestion(QUESTION, 3000);
  expect(second.turn(3100, false)).toEqual(SILENCE);
  expect(second.isAnswering).toBe(false);
});

test("a question that was asked too long ago is not answered: who asked has asked again", () => {
  const fallback = new Fallback();
  fallback.heardQuestion(QUESTION, 0);
  expect(fallback.turn(250, true)).toEqual(ASK);
  expect(fallback.turn(5000, true)).toEqual(SILENCE);
});

test("a flood of questions is held to a number", () => {
  const fallback = new Fallback();
  for (let host = 0; host < 1000; host++) {
    fallback.heardQuestion({ ...QUESTION, from: `10.1.${host >> 8}.${host & 255}` }, 0);
  }
  fallback.turn(0, true);
  expect(fallback.turn(250, true).answers.length).toBe(64);
});
