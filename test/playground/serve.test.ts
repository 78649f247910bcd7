/** `oneip playground` serves one page, as what it is, and nothing else. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { serve, type Served } from "../../src/playground/serve.ts";

const POLICY = "default-src 'none'; script-src 'sha256-abc='";
const PAGE = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}"><title>x</title>`;

let served: Served;
beforeAll(async () => {
  served = await serve(PAGE, 0);
});
afterAll(() => served.close());

test.each(["", "index.html", "?x"])(
  "/%s is the page, with the policy that it has of its own",
  async (path) => {
    const answer = await fetch(served.url + path);
    expect([answer.status, await answer.text()]).toEqual([200, PAGE]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `${POLICY}; frame-ancestors 'none'`,
      "x-content-type-options": "nosniff",
    });
  },
);

test("nothing else is served, and nothing is taken", async () => {
  const statuses = await Promise.all([
    fetch(`${served.url}src/main.ts`),
    fetch(`${served.url}%2e%2e/package.json`),
    fetch(served.url, { method: "POST", body: "x" }),
  ].map(async (answer) => {
    const { status, body } = await answer;
    await body?.cancel();
    return status;
  }));
  expect(statuses).toEqual([404, 404, 405]);
});

test("a port that another has is named", async () => {
  const { port } = new URL(served.url);
  await expect(serve(PAGE, Number(port))).rejects.toThrow(
    new RegExp(`^Cannot listen at 127\\.0\\.0\\.1:${port}: .*; use another port$`),
  );
});
