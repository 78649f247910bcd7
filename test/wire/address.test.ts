import { expect, test } from "vitest";
import { formatIpv4, formatMac, netmask, parseCidr, parseIpv4, parseMac } from "../../src/wire/address.ts";

test("addresses survive text and back", () => {
  for (const text of ["0.0.0.0", "10.0.0.100", "192.0.2.1", "255.255.255.255"]) {
    expect(formatIpv4(parseIpv4(text)!)).toBe(text);
  }
  for (const text of ["00:00:00:00:00:00", "02:1a:b0:00:ff:01", "ff:ff:ff:ff:ff:ff"]) {
    const { high, low } = parseMac(text)!;
    expect(formatMac(high, low)).toBe(text);
  }
});

test("what is no address is undefined", () => {
  for (const text of ["", "10.0.0", "10.0.0.256", "010.0.0.1", "0x0a.0.0.1", "10.0.0.1 ", "::1", "1"]) {
    expect(parseIpv4(text), text).toBeUndefined();
  }
  for (const text of ["", "02:00:00:00:00", "02:00:00:00:00:0g", "020000000001"]) {
    expect(parseMac(text), text).toBeUndefined();
  }
  for (const text of ["10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/0", "10.0.0.1/x"]) {
    expect(parseCidr(text), text).toBeUndefined();
  }
});

test("netmask() of every prefix length", () => {
  expect([0, 1, 8, 24, 31, 32].map((length) => formatIpv4(netmask(length)))).toEqual([
    "0.0.0.0",
    "128.0.0.0",
    "255.0.0.0",
    "255.255.255.0",
    "255.255.255.254",
    "255.255.255.255",
  ]);
});
