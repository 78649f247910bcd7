/** What a browser gets of the dashboard: all that its page needs, nothing else, and nothing that its security policy would refuse. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dashboardFiles, PACKAGES, PAGE } from "../../src/dashboard/files.ts";
import { ROOT } from "../runtime.ts";

const FOLDER = join(ROOT, "src/dashboard/page");
const files = dashboardFiles();
const read = (name: string) => readFileSync(join(FOLDER, name), "utf8");
const modules = readdirSync(FOLDER).filter((name) => name.endsWith(".js"));

test("each file of the page is served, and no other file of its folder", () => {
  const own = readdirSync(FOLDER).filter((name) =>
    !["README.md", "answers.d.ts", "tsconfig.json"].includes(name)
  );
  expect(PAGE.map((path) => path.replace("page/", "")).sort()).toEqual(own.sort());
});

test("whatever a page, a style or a module names is served, with its type", async () => {
  const base = "http://dispatcher";
  const named = new Set(["/"]);
  for (const path of named) {
    const answer = await files.request(path);
    expect([path, answer.status]).toEqual([path, 200]);
    const text = await answer.text();
    const type = answer.headers.get("content-type")!;
    const expected = path === "/"
      ? "text/html"
      : path.endsWith(".js")
      ? "text/javascript"
      : path.endsWith(".css")
      ? "text/css"
      : "image/svg+xml";
    expect([path, type.split(";")[0]]).toEqual([path, expected]);
    const names = type.startsWith("text/javascript")
      ? text.matchAll(/\b(?:from|import)\s*["'](\.[^"']+)["']/g)
      : type.startsWith("text/html")
      ? text.matchAll(/(?:src|href)="([^"]+)"/g)
      : [];
    // As a browser does: `../` above the root leads to the root.
    for (const [, name] of names) named.add(new URL(name!, new URL(path, base)).pathname);
  }
  const served = [...PAGE.filter((path) => path !== "page/index.html"), ...PACKAGES].map((path) =>
    `/${path}`
  );
  expect([...named].sort()).toEqual(["/", ...served].sort());
});

test("the page's own modules import each other and the two packages, and no circle", () => {
  const imports = new Map(modules.map((name) => [
    name,
    [...read(name).matchAll(/^import .*"([^"]+)";$/gm)].map(([, specifier]) => specifier!),
  ]));
  for (const [name, specifiers] of imports) {
    const wrong = specifiers.filter((specifier) =>
      !modules.includes(specifier.replace("./", "")) &&
      !PACKAGES.some((path) => `../../../${path}` === specifier)
    );
    expect([name, wrong]).toEqual([name, []]);
  }
  const walk = (name: string, way: readonly string[]) => {
    expect(way).not.toContain(name);
    for (const specifier of imports.get(name)!) {
      if (specifier.startsWith("./")) walk(specifier.slice(2), [...way, name]);
    }
  };
  walk("main.js", []);
});

test("no script, style or handler stands in the page, and no text becomes HTML", () => {
  const page = read("index.html");
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)/i);
  for (const name of modules) {
    expect([
      name,
      read(name).match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|unsafeHTML|\seval\(|\sstyle=/),
    ])
      .toEqual([name, null]);
  }
});

test("a browser that has the current file hears so", async () => {
  const first = await files.request("/page/main.js");
  expect(first.headers.get("cache-control")).toBe("no-cache");
  const etag = first.headers.get("etag")!;
  const again = await files.request("/page/main.js", { headers: { "if-none-match": etag } });
  expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
});

test.each([
  "/page/",
  "/page/README.md",
  "/page/%2e%2e/files.ts",
  "/page/..%2ffiles.ts",
  "/node_modules/uplot/package.json",
  "/page/main.js/",
])(
  "%s is not served",
  async (path) => {
    expect((await files.request(path)).status).toBe(404);
  },
);
