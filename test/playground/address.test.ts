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

const addressOf = (text: string) => `#1/${deflateSync(text).toString("base64url")}`;

test("a moment comes back as it was, from a short address", async () => {
  const address = await writeAddress(MOMENT);
  expect(address).toMatch(/^#[\w.-]+\/[\w-]+$/);
  expect(address.length).toBeLessThan(500);
  expect(await readAddress(address)).toEqual(MOMENT);
  expect(await readAddress("")).toBeUndefined();
  expect(await readAddress("#")).toBeUndefined();
});

test("an address in another format says so", async () => {
  const address = (await writeAddress(MOMENT)).replace("#1/", "#2/");
  expect(await readAddress(address)).toEqual({
    problem: `This address is written in format 2, and this page, of oneip ${VERSION}, reads format 1; ` +
      "open it in a page of the oneip that wrote it",
  });
});

test("of another version of oneip a moment is as good as any; one that has something unknown names that version", async () => {
  const later = { ...MOMENT, made: { by: "7.0.0", outcome: "0123456789ab" } };
  expect(await readAddress(await writeAddress(later))).toEqual(later);
  const unknown = addressOf(JSON.stringify(later).replace('"switch"', '"hub"'));
  expect(await readAddress(unknown)).toEqual({
    problem: "This address is from oneip 7.0.0, and has something in it that this page, of oneip " +
      `${VERSION}, does not know; open it in a page of oneip 7.0.0`,
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
    "#1/",
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
  const bomb = `#1/${deflateSync(Buffer.alloc(4_000_000)).toString("base64url")}`;
  expect(bomb.length).toBeLessThan(MOST_CHARACTERS);
  expect(await readAddress(bomb)).toHaveProperty("problem");
  expect(await readAddress(`#1/${"A".repeat(MOST_CHARACTERS + 1)}`)).toHaveProperty("problem");
});

test("a moment that is too long for an address is none", async () => {
  const noise = Array.from({ length: 30_000 }, (_, index) => Math.imul(index, 0x9e3779b1).toString(36)).join(
    " ",
  );
  await expect(writeAddress({ ...MOMENT, scene: { ...MOMENT.scene, files: { noise } } })).rejects.toThrow(
    "The moment is too long for an address",
  );
});
