/** What can be said to a link, and of which. */

import { describe, expect, test } from "vitest";
import { LabLink, type LinkChanges, parseTopology } from "oneip";
import { linkOf } from "../../../src/lab/carried_links.ts";

const link = new LabLink(["a:eth1", "b:eth1"], "/nonexistent", undefined);

describe("a change that cannot be is told by key, value and remedy, before anybody is asked:", () => {
  const cases: readonly [LinkChanges | Record<string, unknown>, string][] = [
    [{ loss: "120%" }, '"loss" is wrong, found "120%", use a share such as 1% or 0.01%, from 0% to 100%'],
    [{ delay: "5" }, '"delay" is wrong, found "5", use a time such as 20ms, in us, ms or s, 60s at most'],
    [
      { from: { "b:eth1": { rate: "10mb" } } },
      '"from.b:eth1.rate" is wrong, found "10mb", use a rate such as 10mbit',
    ],
    [{ from: { "c:eth1": { loss: "1%" } } }, '"from" is wrong, found "c:eth1", use a:eth1 or b:eth1'],
    [{ down: ["1s"] }, '"down" is wrong, found ["1s"], use two times such as [2s, 3s], or true'],
    [{ queue: -1 }, '"queue" is wrong, found -1, use a whole number from 0 to 100,000'],
    [{ los: "1%" }, 'Unknown key, found "los", use delay, jitter, loss, duplicate,'],
    [{ log: "a.log" }, 'Unknown key, found "log", use delay, jitter, loss, duplicate,'],
  ];
  test.each(cases)("%j", async (changes, message) => {
    await expect(link.set(changes as LinkChanges)).rejects.toThrow(message);
  });
});

test("without its program, or a log, a link says so", async () => {
  await expect(link.set({ loss: "1%" })).rejects.toThrow(
    "The links of this lab are gone: their program has ended",
  );
  await expect(link.decisions()).rejects.toThrow(
    "The link of a:eth1 writes no log; add log: FILE to it in the topology",
  );
});

test("a link is named by either end; one that is none, or a veth pair, is told with those that would do", () => {
  const topology = parseTopology(
    "name: x\ntopology:\n  nodes: {a: {}, b: {}}\n  links:\n" +
      '    - endpoints: ["a:eth1", "b:eth1"]\n    - {endpoints: ["a:eth2", "b:eth2"], delay: 0}\n',
    "x.yaml",
  );
  const record = { name: "x", file: "x.yaml", nodes: ["a", "b"], mark: "" };
  for (const end of ["a:eth2", "b:eth2"]) {
    expect(linkOf(record, topology, end).ends).toEqual(["a:eth2", "b:eth2"]);
  }
  expect(() => linkOf(record, topology, "a:eth3")).toThrow(
    'Lab "x" has no link with this end, found "a:eth3", use one of a:eth1, b:eth1, a:eth2, b:eth2',
  );
  expect(() => linkOf(record, topology, "a:eth1")).toThrow(
    "The link of a:eth1 can do no harm, since nothing was said of it; add delay: 0 to it in the topology, or use one of a:eth2, b:eth2",
  );
});
