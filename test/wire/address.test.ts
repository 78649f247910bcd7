import { expect, test } from "vitest";
import {
  contains,
  formatMac,
  ipOf,
  linkLocalOf,
  netmask,
  octetsOf,
  parseCidr,
  parseIp,
  parseMac,
  wordsOf,
} from "../../src/wire/address.ts";
import { u32 } from "../frames.ts";

test("addresses of both families come out in their canonical form", () => {
  for (const text of ["0.0.0.0", "10.0.0.100", "255.255.255.255", "::", "fe80::1", "2001:db8::100"]) {
    expect(parseIp(text)).toBe(text);
    expect(ipOf(octetsOf(text))).toBe(text);
  }
  expect(parseIp("2001:0DB8:0:0::0100")).toBe("2001:db8::100");
  expect([...wordsOf("2001:db8::8000:1")]).toEqual([0x20010db8, 0, 0, 0x80000001 | 0]);
  for (const text of ["00:00:00:00:00:00", "02:1a:b0:00:ff:01", "ff:ff:ff:ff:ff:ff"]) {
    const { high, low } = parseMac(text)!;
    expect(formatMac(high, low)).toBe(text);
  }
});

test("what is no address is undefined", () => {
  for (
    const text of [
      "",
      "10.0.0",
      "10.0.0.256",
      "010.0.0.1",
      "0x0a.0.0.1",
      "10.0.0.1 ",
      "1",
      "::1::",
      "fe80::1%eth0",
    ]
  ) {
    expect(parseIp(text), text).toBeUndefined();
  }
  for (const text of ["", "02:00:00:00:00", "02:00:00:00:00:0g", "020000000001"]) {
    expect(parseMac(text), text).toBeUndefined();
  }
  for (const text of ["10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/0", "10.0.0.1/x", "::1/129"]) {
    expect(parseCidr(text), text).toBeUndefined();
  }
});

test("contains() keeps the families apart", () => {
  expect(contains({ address: "10.0.0.2", prefixLength: 24 }, "10.0.0.255")).toBe(true);
  expect(contains({ address: "10.0.0.2", prefixLength: 24 }, "10.0.1.0")).toBe(false);
  expect(contains({ address: "2001:db8::", prefixLength: 64 }, "2001:db8::1:2")).toBe(true);
  expect(contains({ address: "::", prefixLength: 0 }, "10.0.0.1")).toBe(false);
});

test("linkLocalOf() is the address that Linux gives an interface with this MAC", () => {
  expect(linkLocalOf(parseMac("02:1a:b0:00:06:01")!)).toBe("fe80::1a:b0ff:fe00:601");
});

test("netmask() of every prefix length", () => {
  expect([0, 1, 8, 24, 31, 32].map((length) => ipOf(Uint8Array.from(u32(netmask(length)))))).toEqual([
    "0.0.0.0",
    "128.0.0.0",
    "255.0.0.0",
    "255.255.255.0",
    "255.255.255.254",
    "255.255.255.255",
  ]);
});

test("of the zeros of an address the longest row is left out, the first one of several, and never one alone", () => {
  for (
    const [groups, text] of [
      [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], "2001:db8:0:1:1:1:1:1"],
      [[0x2001, 0, 0, 1, 0, 0, 0, 1], "2001:0:0:1::1"],
      [[0x2001, 0xdb8, 0, 0, 1, 0, 0, 1], "2001:db8::1:0:0:1"],
      [[0, 0, 1, 0, 0, 0, 0, 0], "0:0:1::"],
      [[0, 0, 1, 2, 3, 4, 5, 6], "::1:2:3:4:5:6"],
      [[0, 0, 0, 0, 0, 0xffff, 0xa00, 1], "::ffff:a00:1"],
    ] as const
  ) {
    const octets = Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 255]));
    expect(ipOf(octets)).toBe(text);
    expect(parseIp(text)).toBe(text);
    expect(octetsOf(text)).toEqual(octets);
  }
  expect(ipOf(octetsOf("::ffff:10.0.0.1"))).toBe("::ffff:a00:1");
});
