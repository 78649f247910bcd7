/** A moment goes into an address and comes back; what else stands there is told in a clear word, and costs little. */

import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import {
  type Moment,
  MOST_CHARACTERS,
  readAddress,
  writeAddress,
} from "../../src/playground/page/address.ts";
import { VERSION } from "../../src/system/version.ts";

const MOMENT: Moment = {
  scene: {
    seed: 7,
    files: { "oneip.yaml": `dispatcher: # “lb1”\n${"  # more\n".repeat(200)}` },
    nodes: { lan: { kind: "switch" }, lb1: { kind: "dispatcher", config: "oneip.yaml" } },
    links: [{ ends: ["lan", "lb1"] }],
  },
  schedule: [{ atUs: 1_500_000, action: { do: "kill", node: "lb1" } }],
  atUs: 2_000_050,
  lesson: "silent",
};

const addressOf = (text: string) => `#${VERSION}/${deflateSync(text).toString("base64url")}`;

test("a moment comes back as it was, from a short address", async () => {
  const address = await writeAddress(MOMENT);
  expect(address).toMatch(/^#[\w.-]+\/[\w-]+$/);
  expect(address.length).toBeLessThan(500);
  expect(await readAddress(address)).toEqual(MOMENT);
  expect(await readAddress("")).toBeUndefined();
  expect(await readAddress("#")).toBeUndefined();
});

test("an address of another version says which", async () => {
  const address = (await writeAddress(MOMENT)).replace(VERSION, "0.0.9");
  expect(await readAddress(address)).toEqual({
    problem:
      `This address is of oneip 0.0.9, and this page of ${VERSION}, in which the same would go another way; ` +
      "open it with a page of oneip 0.0.9",
  });
});

test("a damaged address says so", async () => {
  const address = await writeAddress(MOMENT);
  const text = JSON.stringify(MOMENT);
  const damaged = [
    address.slice(0, -9),
    `${address.slice(0, 40)}A${address.slice(41)}`,
    `${address}AAAA`,
    "#lesson",
    "#0.1.0/",
    "#/x",
    "#%00",
    addressOf("{"),
    addressOf("[]"),
    addressOf("null"),
    addressOf(text.replace("2000050", "-1")),
    addressOf(text.replace("2000050", "1e300")),
    addressOf(text.replace("1500000", '"soon"')),
    addressOf(text.replace('"do"', '"done"')),
    addressOf(text.replace('"seed":7', '"seed":null')),
    addressOf(text.replace('["lan","lb1"]', '["lan"]')),
    addressOf(text.replace('{"kind":"switch"}', "null")),
    addressOf(text.replace('"switch"', '"toaster"')),
    addressOf(text.replace('{"kind":"switch"}', '{"kind":"client","addresses":[7]}')),
    addressOf(text.replace('"lb1"]', '"lb1"],"settings":{"delayUs":"long"}')),
    addressOf(text.replace('"node":"lb1"', '"node":"lb1","octets":1e15')),
  ];
  for (const one of damaged) {
    expect([one, await readAddress(one)]).toEqual([one, {
      problem: "This address is damaged: a part of it is missing or was changed; ask for it again, whole",
    }]);
  }
});

test("what grows beyond every bound when it is inflated is not read to its end", async () => {
  const bomb = `#${VERSION}/${deflateSync(Buffer.alloc(4_000_000)).toString("base64url")}`;
  expect(bomb.length).toBeLessThan(MOST_CHARACTERS);
  expect(await readAddress(bomb)).toHaveProperty("problem");
  expect(await readAddress(`#${VERSION}/${"A".repeat(MOST_CHARACTERS + 1)}`)).toHaveProperty("problem");
});

test("a moment that is too long for an address is none", async () => {
  const noise = Array.from({ length: 30_000 }, (_, index) => Math.imul(index, 0x9e3779b1).toString(36)).join(
    " ",
  );
  await expect(writeAddress({ ...MOMENT, scene: { ...MOMENT.scene, files: { noise } } })).rejects.toThrow(
    "The moment is too long for an address",
  );
});
