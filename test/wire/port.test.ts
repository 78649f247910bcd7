/** Service ports as text. */

import { expect, test } from "vitest";
import { formatPort, parsePort } from "../../src/wire/port.ts";

test("a port has a number and a protocol", () => {
  expect(parsePort("53/udp")).toEqual({ port: 53, protocol: "udp" });
  for (const text of ["1/tcp", "65535/udp"]) expect(formatPort(parsePort(text)!)).toBe(text);
});

test.each(["80", "80/sctp", "0/tcp", "65536/tcp", "-1/tcp", " 80/tcp", "http/tcp"])("%j is none", (text) => {
  expect(parsePort(text)).toBeUndefined();
});
