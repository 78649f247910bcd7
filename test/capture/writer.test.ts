import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCapture } from "../../src/capture/reader.ts";
import { captureFrame, captureHeader } from "../../src/capture/writer.ts";
import { spawnSync } from "node:child_process";
import { ethernet, ipv4, synToCluster, udp } from "../frames.ts";

test("tshark reads what was written without a warning: time, length, direction and comment", () => {
  const frames = [synToCluster("198.51.100.7"), ethernet(ipv4(udp([1, 2, 3])))];
  const folder = mkdtempSync(join(tmpdir(), "oneip-writer-"));
  try {
    const file = join(folder, "own.pcapng");
    const octets = Buffer.concat([
      captureHeader("oneip0"),
      ...frames.map((octets, index) =>
        captureFrame({
          octets,
          lengthOnWire: octets.length + index,
          nanoseconds: 1_796_000_000_123_456_789n + BigInt(index),
          direction: index === 0 ? "in" : "out",
          comment: `dispatched to web${index + 1}, größer`,
        })
      ),
    ]);
    writeFileSync(file, octets);
    const fields = ["time_epoch", "len", "cap_len", "comment", "interface_name", "packet_flags"];
    const { status, stdout, stderr } = spawnSync(
      "tshark",
      ["-r", file, "-T", "fields", ...fields.flatMap((name) => ["-e", `frame.${name}`])],
      { encoding: "utf8" },
    );
    expect([status, stderr.replace(/^Running as user.*\n/, "")]).toEqual([0, ""]);
    const length = frames[1]!.length;
    expect(stdout.trimEnd().split("\n").map((row) => row.split("\t"))).toEqual([
      [
        "1796000000.123456789",
        String(frames[0]!.length),
        String(frames[0]!.length),
        "dispatched to web1, größer",
        "oneip0",
        "0x00000001",
      ],
      [
        "1796000000.123456790",
        String(length + 1),
        String(length),
        "dispatched to web2, größer",
        "oneip0",
        "0x00000002",
      ],
    ]);
    expect(readCapture(octets)).toEqual(frames);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
