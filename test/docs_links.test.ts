import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { documents, textOf } from "./docs_blocks.ts";
import { ROOT } from "./runtime.ts";

/** Links to the outside are not looked at. */
const LINK = /\[[^\]]*\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g;

/** As GitHub makes them from headings. */
function anchorsOf(file: string): string[] {
  return [...withoutCode(textOf(file)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, "");
}

test("every link between documents leads to a file that is there, and to a heading in it", () => {
  const broken = documents().flatMap((document) =>
    [...withoutCode(textOf(document)).matchAll(LINK)].flatMap(([link, path = "", anchor]) => {
      const target = path === "" ? document : join(dirname(document), path);
      if (!existsSync(join(ROOT, target))) return [`${document}: ${link}`];
      return anchor === undefined || anchorsOf(target).includes(anchor) ? [] : [`${document}: ${link}`];
    })
  );
  expect(broken).toEqual([]);
});

test("the README leads to every document", () => {
  const text = textOf("README.md");
  const missing = documents().filter((document) =>
    document !== "README.md" && !text.includes(`](${document})`)
  );
  expect(missing).toEqual([]);
});

const ROOMS = readdirSync(join(ROOT, "src")).filter((name) => !name.includes("."));

test("every file of a room that a document names is there", () => {
  const named = new RegExp(`\`((?:${ROOMS.join("|")})/[\\w/]+\\.ts)\``, "g");
  const missing = documents().filter((document) => document !== "CHANGELOG.md").flatMap((document) =>
    [...withoutCode(textOf(document)).matchAll(named)].map(([, file]) => file!)
      .filter((file) => !existsSync(join(ROOT, "src", file))).map((file) => `${document}: ${file}`)
  );
  expect(missing).toEqual([]);
});

test("every file of the repository that a document names is there", () => {
  const missing = documents().filter((document) => document !== "CHANGELOG.md").flatMap((document) =>
    [...withoutCode(textOf(document)).matchAll(/`((?:src|test|netns|scripts|docs)\/[\w./-]*)`/g)].map((
      [, file],
    ) => file!)
      .filter((file) => !existsSync(join(ROOT, file))).map((file) => `${document}: ${file}`)
  );
  expect(missing).toEqual([]);
});

test("the rooms that the architecture draws are those of src", () => {
  const drawn = [...textOf("docs/architecture.md").matchAll(/^ {2}(\w+)\/ {2}/gm)].map(([, room]) => room!);
  expect(drawn.toSorted()).toEqual(ROOMS.toSorted());
});
