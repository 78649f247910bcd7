import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./runtime.ts";

/** What each folder of src may import; "." are the files of src itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  wire: ["wire"],
  table: ["table", "wire"],
  path: ["path", "table", "wire"],
  device: ["device", "wire"],
  input: ["input"],
  control: ["control", "path", "table", "wire", "device", "input"],
  backend: ["backend", "wire", "input"],
  filter: ["filter", "control", "path", "table", "wire", "device", "input"],
  lab: ["lab", "wire", "device", "input"],
  demo: ["demo", "lab", "control", "wire"],
  cli: ["cli", "demo", "lab", "backend", "filter", "control", "wire", "device", "input"],
  ".": ["cli", "demo", "lab", "filter", "control", "path", "table", "wire", "device", "input", "."],
};

/** Would run in a browser: no runtime, no built-in modules, and one package for addresses as text. */
const PURE = ["wire", "table", "path"];
const PURE_PACKAGES = ["ipaddr.js"];

/** The only folder that knows a runtime. Elsewhere `Deno` may be looked for, to say which runtime it is, but not called. */
const KNOWS_RUNTIME = "device";

const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => {
    const text = readFileSync(join(ROOT, "src", file), "utf8");
    const imports = [...text.matchAll(/(?:from|import|import\()\s*"([^"]+)"/g)].map(([, specifier]) =>
      specifier!
    );
    return { file, folder: file.includes("/") ? file.split("/")[0]! : ".", text, imports };
  });

test("imports run one way", () => {
  const wrong = sources.flatMap(({ file, folder, imports }) =>
    imports.filter((specifier) => specifier.startsWith(".")).flatMap((specifier) => {
      const target = new URL(specifier, `file:///${file}`).pathname.slice(1);
      const targetFolder = target.includes("/") ? target.split("/")[0]! : ".";
      return MAY_IMPORT[folder]?.includes(targetFolder) ? [] : [`${file} imports ${target}`];
    })
  );
  expect(wrong).toEqual([]);
});

test("wire, table and path know no runtime", () => {
  const wrong = sources.filter(({ folder }) => PURE.includes(folder)).flatMap(({ file, text, imports }) => [
    ...imports.filter((specifier) => !specifier.startsWith(".") && !PURE_PACKAGES.includes(specifier))
      .map((specifier) => `${file} imports ${specifier}`),
    ...(/\b(Deno|process|Buffer|performance|Date)\b\s*[.(]/.test(text)
      ? [`${file} names a runtime or a clock`]
      : []),
  ]);
  expect(wrong).toEqual([]);
});

test("only device calls Deno", () => {
  const wrong = sources.filter(({ folder, text }) => folder !== KNOWS_RUNTIME && /\bDeno\s*\./.test(text));
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

test("imports name files with their ending", () => {
  const wrong = sources.flatMap(({ file, imports }) =>
    imports.filter((specifier) => specifier.startsWith(".") && !specifier.endsWith(".ts")).map((specifier) =>
      `${file}: ${specifier}`
    )
  );
  expect(wrong).toEqual([]);
});
