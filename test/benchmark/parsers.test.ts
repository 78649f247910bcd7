import { expect, test } from "vitest";
import { parseIperf3 } from "../../scripts/benchmark/iperf3.ts";
import { parseWrk } from "../../scripts/benchmark/wrk.ts";

test("iperf3: what was received counts, and a refused test is an error in its own words", () => {
  const end = { sum_sent: { bits_per_second: 9e9, retransmits: 7 }, sum_received: { bits_per_second: 8e9 } };
  expect(parseIperf3(JSON.stringify({ end }))).toEqual({ bitsPerSecond: 8e9, retransmits: 7 });
  const refused = { end: {}, error: "unable to connect to server: Connection refused" };
  expect(() => parseIperf3(JSON.stringify(refused))).toThrow("iperf3: unable to connect to server");
});

const WRK = `Running 2s test @ http://10.0.0.100/
  1 threads and 16 connections
Requests/sec:  20000.00

{"requests":40000,"us":2000000,"p50":280,"p99":5470,"p999":9680,"errors":0}
`;

test("wrk: the line of its script; failed requests leave no figure", () => {
  expect(parseWrk(WRK)).toEqual({ perSecond: 20_000, p50: 0.28, p99: 5.47, p999: 9.68 });
  expect(() => parseWrk(WRK.replace('"errors":0', '"errors":3'))).toThrow("wrk: 3 of 40000 requests failed");
  expect(() => parseWrk("unable to connect to 10.0.0.100:http Connection refused\n")).toThrow(
    "unable to connect",
  );
});
