import { describe, expect, test } from "vitest";
import * as ipv4 from "../../src/wire/ipv4.ts";
import * as frames from "../frames.ts";

function view(octets: readonly number[]): DataView {
  return new DataView(Uint8Array.from(octets).buffer);
}

const packet = frames.ipv4(frames.udp([1, 2, 3, 4]));

describe("isValid()", () => {
  const wrong = (at: number, value: number) => {
    const header = packet.with(at, value).with(10, 0).with(11, 0).slice(0, 20);
    return [...header.toSpliced(10, 2, ...frames.u16(frames.checksum(header))), ...packet.slice(20)];
  };
  const cases: { name: string; octets: readonly number[]; length?: number; want: boolean }[] = [
    { name: "takes a right packet", octets: packet, want: true },
    { name: "takes padding behind the packet", octets: [...packet, 0, 0, 0, 0], want: true },
    { name: "takes options", octets: frames.ipv4([], { options: [1, 1, 1, 0] }), want: true },
    { name: "refuses 19 octets", octets: packet, length: 19, want: false },
    { name: "refuses version 6", octets: wrong(0, 0x65), want: false },
    { name: "refuses a header length below 20", octets: wrong(0, 0x44), want: false },
    { name: "refuses a header longer than the packet", octets: wrong(0, 0x4f), want: false },
    { name: "refuses a total length beyond the frame", octets: wrong(3, 33), want: false },
    { name: "refuses a total length below the header's", octets: wrong(3, 19), want: false },
    { name: "refuses a wrong checksum", octets: packet.with(10, packet[10]! ^ 1), want: false },
  ];
  for (const { name, octets, length = octets.length, want } of cases) {
    test(name, () => expect(ipv4.isValid(view(octets), 0, length)).toBe(want));
  }
});

test("decrementTtl() leaves a right checksum, for every checksum that a header can have", () => {
  const frame = view(frames.ipv4([]));
  const header = new Uint8Array(frame.buffer);
  for (let id = 0; id <= 0xffff; id++) {
    // The identification runs through all values, and with it the checksum.
    frame.setUint16(4, id);
    frame.setUint8(8, 1 + (id % 255));
    frame.setUint16(10, 0);
    frame.setUint16(10, frames.checksum([...header]));
    ipv4.decrementTtl(frame, 0);
    const isRight = ipv4.isValid(frame, 0, 20) && frame.getUint8(8) === id % 255;
    if (!isRight) throw new Error(`wrong for ${frames.hex(header)}`);
  }
});
