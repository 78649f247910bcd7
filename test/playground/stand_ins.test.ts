/** What stands in the page for modules of Node gives what Node gives. */

import { Buffer as NodeBuffer } from "node:buffer";
import * as node from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { expect, test } from "vitest";
import { bundle } from "../../scripts/playground_page.ts";
import { EXAMPLE } from "../../src/config/example.ts";
import { Buffer } from "../../src/playground/stand_ins/buffer.ts";
import { createHash, createHmac, timingSafeEqual } from "../../src/playground/stand_ins/crypto.ts";
import { ROOT } from "../runtime.ts";
import { checked } from "./bundled_check.ts";

const octets = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff);
const hex = (octets: Uint8Array) => NodeBuffer.from(octets).toString("hex");

test("hashes, and codes by a key, of each length around a block", () => {
  for (const length of [0, 1, 31, 55, 56, 63, 64, 65, 119, 120, 128, 1452]) {
    const text = octets(length);
    expect(hex(createHash("sha256").update("oneip ").update(text).digest())).toBe(
      node.createHash("sha256").update("oneip ").update(text).digest("hex"),
    );
    expect(createHmac("sha256", octets(length)).update(text).digest("hex")).toBe(
      node.createHmac("sha256", octets(length)).update(text).digest("hex"),
    );
  }
  expect([octets(8), octets(9), octets(8).fill(0)].map((other) => timingSafeEqual(octets(8), other)))
    .toEqual([true, false, false]);
});

test("octets of text and text of octets", () => {
  for (const encoding of ["utf8", "latin1", "hex", "base64", "base64url"] as const) {
    const text = encoding === "utf8"
      ? "schön, 𝄞"
      : encoding === "latin1"
      ? "\x00é\xff"
      : NodeBuffer.from(octets(50)).toString(encoding);
    expect(hex(Buffer.from(text, encoding))).toBe(hex(NodeBuffer.from(text, encoding)));
    expect(Buffer.from(octets(50)).toString(encoding, 3, 40)).toBe(
      NodeBuffer.from(octets(50)).toString(encoding, 3, 40),
    );
  }
  expect(Buffer.byteLength("schön, 𝄞")).toBe(NodeBuffer.byteLength("schön, 𝄞"));
});

test("octets put together, looked for, and read as numbers", () => {
  const both = ([Buffer, NodeBuffer] as unknown as (typeof NodeBuffer)[]).map((kind) => {
    const made = kind.alloc(10);
    made.writeInt32BE(-2, 0);
    made.writeUInt32BE(0xfffffff0, 4);
    made.writeUInt8(200, 9);
    const whole = kind.concat([made, octets(5)]);
    return [
      hex(whole),
      whole.subarray(4).readUInt32BE(0),
      whole.subarray(4).readUInt8(5),
      whole.readInt32BE(0),
      whole.readUInt16BE(8),
      whole.includes(octets(5).subarray(1, 3)),
      whole.includes(Uint8Array.of(1, 2, 3)),
      hex(kind.from(whole.buffer, whole.byteOffset + 1, 4)),
    ];
  });
  expect(both[0]).toEqual(both[1]);
});

test("a configuration means in the page what it means elsewhere, and its mistakes are told in the same words", async () => {
  const texts = [
    EXAMPLE,
    ...["routing", "broadcast", "fleet", "etcd", "mobile", "pair1"].map((name) =>
      readFileSync(join(ROOT, `netns/${name}.oneip.yaml`), "utf8")
    ),
    "",
    "dispatcher: {}",
    "a: [1,",
    "? {a: b}\n: 1",
    "!!set {a, b}\n",
    "x: !!timestamp 2020-01-01\ny: !!binary aGk=\nz: &a [*a]",
    "a: *b",
    "\t- x",
    "%YAML 1.1\n---\ndispatcher: {fastPath: on}\n",
  ];
  // Each line of the largest one away, with another value, or with another key.
  const lines = EXAMPLE.split("\n");
  const changes = [
    () => [],
    (line: string) => line.replace(/: .*/, ": [7, {x: -1}]"),
    (line: string) => line.replace(/: .*/, ": ''"),
    (line: string) => line.replace(/(\w+):/, "x$1:"),
  ];
  for (const [at, line] of lines.entries()) {
    const changed = changes[at % changes.length]!(line);
    texts.push([...lines.slice(0, at), ...[changed].flat(), ...lines.slice(at + 1)].join("\n"));
  }
  const page = createContext({ URL, TextEncoder, TextDecoder, atob, btoa, performance, crypto });
  runInContext(await bundle(join(ROOT, "test/playground/bundled_check.ts")), page);
  const inPage = page["checked"] as typeof checked;
  const different = texts.filter((text) => inPage(text) !== checked(text));
  expect(different.map((text) => [text, inPage(text), checked(text)])[0]).toBeUndefined();
});
