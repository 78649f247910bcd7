import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROGRAMS } from "../scripts/programs.ts";
import { ROOT } from "./runtime.ts";

/**
 * The rooms, from the top layer to the bottom one. A room may import the rooms of lower layers, and those that are named behind it
 * in its own. "." are the files of src itself.
 */
const LAYERS: readonly Readonly<Record<string, readonly string[]>>[] = [
  { executable: [] },
  { ".": ["cli"], cli: [] },
  {
    playground: [],
    "playground/page": [
      "playground",
      "playground/stand_ins",
      "playground/page/topology",
      "playground/lessons",
      "playground/seen",
    ],
    "playground/page/topology": ["playground/seen"],
    "playground/lessons": ["playground/seen"],
    "playground/seen": [],
    "playground/stand_ins": [],
  },
  { "sim/faults": [] },
  { sim: ["sim/net"] },
  { top: ["api"], console: [], demo: [], course: [], api: [], vitest: [] },
  { dashboard: [], "dashboard/page": [] },
  {
    engine: [],
    "sim/net": [],
    replay: [],
    prove: ["filter/rules"],
    lab: ["lab/links"],
    "lab/links": [],
    observe: ["lab"],
    assert: ["observe", "lab"],
    service: [],
    "backend/setup": ["backend/check"],
    "backend/check": ["backend/routes", "filter/rules"],
    "backend/routes": [],
    "backend/guide": [],
    "filter/agent": ["filter/fallback", "filter/rules"],
    "filter/fallback": [],
    "filter/router": [],
    "filter/rules": [],
  },
  { verify: [], health: [], watch: [], peer: [], fleet: [] },
  { "fleet/etcd": [] },
  { cluster: [], link: [], fault: [], vrrp: ["link"] },
  { config: [], plane: [] },
  { kernel: ["kernel/program"], "kernel/program": [] },
  { path: [], impairment: [] },
  { table: [] },
  { wire: [] },
];

/** Below whoever needs them, but for the pure ones. */
const GROUND: Readonly<Record<string, readonly string[]>> = {
  input: [],
  capture: ["input"],
  system: ["input"],
  device: ["wire", "system", "kernel/assembler"],
  "kernel/assembler": [],
};

/** Would run in a browser: no runtime, no built-in modules, and one package for addresses as text. */
const PURE = ["wire", "table", "path", "impairment"];
const PURE_PACKAGES = ["ipaddr.js"];

/** The only room that knows a runtime or a descriptor. Elsewhere `Deno` may be looked for, to say which runtime it is, but not called. */
const KNOWS_RUNTIME = "device";
/** The C library, which gives descriptors and takes them. */
const LIBC = "device/libc.ts";

interface Source {
  readonly file: string;
  readonly room: string;
  readonly text: string;
  /** What stands in its import statements. */
  readonly specifiers: readonly string[];
  /** The files of src among them. */
  readonly targets: readonly string[];
}

const sources: readonly Source[] = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => {
    const text = readFileSync(join(ROOT, "src", file), "utf8");
    const specifiers = [...text.matchAll(/(?:from|import|import\()\s*"([^"]+)"/g)].map(([, specifier]) =>
      specifier!
    );
    const targets = specifiers.filter((specifier) => specifier.startsWith(".")).map((specifier) =>
      new URL(specifier, `file:///${file}`).pathname.slice(1)
    );
    return { file, room: roomOf(file), text, specifiers, targets };
  });

function roomOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.lastIndexOf("/")) : ".";
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true;
  if (from in GROUND) return GROUND[from]!.includes(to);
  const layer = LAYERS.findIndex((rooms) => from in rooms);
  if (to in GROUND) return !PURE.includes(from);
  return LAYERS[layer]?.[from]?.includes(to) === true || LAYERS.slice(layer + 1).some((rooms) => to in rooms);
}

test("every room has its layer", () => {
  const known = [...LAYERS.flatMap((rooms) => Object.keys(rooms)), ...Object.keys(GROUND)];
  expect([...new Set(sources.map(({ room }) => room))].sort()).toEqual(known.sort());
});

test("every room says at its door, in one sentence, what it is for", () => {
  const rooms = [...new Set(sources.map(({ room }) => room))].filter((room) => room !== ".");
  const doors = rooms.map((room) =>
    [room, readFileSync(join(ROOT, "src", room, "README.md"), "utf8")] as const
  );
  const silent = doors.filter(([room, text]) => !new RegExp(`^# ${room}\n\n[A-Z][^.]+[.]\n$`).test(text));
  expect(silent.map(([room]) => room)).toEqual([]);
});

test("imports run one way", () => {
  const wrong = sources.flatMap(({ file, room, targets }) =>
    targets.filter((target) => !mayImport(room, roomOf(target))).map((target) => `${file} imports ${target}`)
  );
  expect(wrong).toEqual([]);
});

test("no two files import each other, not even by a third one", () => {
  const targets = new Map(sources.map((source) => [source.file, source.targets]));
  const circles = new Set<string>();
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]) => {
    if (way.includes(file)) circles.add([...way.slice(way.indexOf(file)), file].join(" -> "));
    if (way.includes(file) || done.has(file)) return;
    for (const target of targets.get(file) ?? []) walk(target, [...way, file]);
    done.add(file);
  };
  for (const { file } of sources) walk(file, []);
  expect([...circles]).toEqual([]);
});

test("wire, table, path and impairment know no runtime", () => {
  const wrong = sources.filter(({ room }) => PURE.includes(room)).flatMap(({ file, text, specifiers }) => [
    ...specifiers.filter((specifier) => !specifier.startsWith(".") && !PURE_PACKAGES.includes(specifier))
      .map((specifier) => `${file} imports ${specifier}`),
    ...(/\b(Deno|process|Buffer|performance|Date)\b\s*[.(]/.test(text)
      ? [`${file} names a runtime or a clock`]
      : []),
  ]);
  expect(wrong).toEqual([]);
});

test("only device calls Deno", () => {
  const wrong = sources.filter(({ room, text }) => room !== KNOWS_RUNTIME && /\bDeno\s*\./.test(text));
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

test("only device calls the C library", () => {
  const wrong = sources.filter(({ room, targets }) => room !== KNOWS_RUNTIME && targets.includes(LIBC));
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

test("only installation.ts knows where files lie, but for the command's first file and the single executable", () => {
  const knows = ["main.ts", "system/installation.ts", "executable/koffi.ts"];
  const wrong = sources.filter(({ file, text }) => !knows.includes(file) && /\bimport\.meta\b/.test(text));
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

test("every program of ours that is started from another one is there, and in the bundles", () => {
  const started = sources.flatMap(({ text }) => [...text.matchAll(/\b(?:startThread|runOwn)\("([^"]+)"/g)]);
  const programs = [...new Set(started.map(([, program]) => program!))].sort();
  expect(programs.filter((program) => !sources.some(({ file }) => file === `${program}.ts`))).toEqual([]);
  expect([...PROGRAMS].sort()).toEqual(programs);
});

test("imports name files with their ending", () => {
  const wrong = sources.flatMap(({ file, specifiers }) =>
    specifiers.filter((specifier) =>
      specifier.startsWith(".") && !/(\.ts|\.json|\/dashboard\/page\/\w+\.js)$/.test(specifier)
    ).map(
      (specifier) => `${file}: ${specifier}`,
    )
  );
  expect(wrong).toEqual([]);
});
