/** iperf3: its command lines, and what it says. */

/** A second of one TCP flow; `download`: from the server to the client. */
export function iperf3Command(
  server: string,
  port: number,
  client: string,
  way: "upload" | "download",
): string[] {
  const reverse = way === "download" ? ["-R"] : [];
  return ["iperf3", "-c", server, "-p", String(port), "-B", client, "-t", "1", "-J", ...reverse];
}

export interface Flow {
  readonly bitsPerSecond: number;
  readonly retransmits: number;
}

/** Reads what `-J` prints. Throws with iperf3's own words when the test failed. */
export function parseIperf3(json: string): Flow {
  const { error, end } = JSON.parse(json) as {
    error?: string;
    end: { sum_received?: { bits_per_second: number }; sum_sent?: { retransmits: number } };
  };
  if (error !== undefined || end.sum_received === undefined) {
    throw new Error(`iperf3: ${error ?? "no result"}`);
  }
  return { bitsPerSecond: end.sum_received.bits_per_second, retransmits: end.sum_sent?.retransmits ?? 0 };
}
