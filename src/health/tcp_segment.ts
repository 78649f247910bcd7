/** Segments that the prober sends, and the fields of those that it hears. */

import { finishTcp, type IpFrames, type Way } from "../link/ip_frames.ts";
import type { Frame } from "../link/own_frames.ts";
import type { Packet } from "../path/packet.ts";
import { isIpv6 } from "../wire/address.ts";
import * as protocol from "../wire/protocol.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";

/** Numbers of sequence are int32 and wrap. */
export interface Segment {
  readonly srcPort: number;
  readonly dstPort: number;
  readonly sequence: number;
  readonly flags: number;
  /** Default 0, as in a segment that acknowledges nothing. */
  readonly acknowledgment?: number;
  /** Octets that we have room for. Default 0. */
  readonly window?: number;
  /** The largest segment to us, for a SYN. Default: not named. */
  readonly mss?: number;
  readonly data?: Uint8Array;
}

export function writeSegment(frames: IpFrames, way: Way, segment: Segment): Frame {
  const { srcPort, dstPort, sequence, flags, acknowledgment = 0, window = 0, mss, data } = segment;
  const header = tcp.HEADER + (mss === undefined ? 0 : tcp.MSS_OPTION);
  const length = header + (data?.length ?? 0);
  const draft = frames.draft(way, protocol.TCP, length);
  const { frame, view, upper } = draft;
  tcp.setPorts(view, upper, srcPort, dstPort);
  tcp.write(view, upper, sequence, flags);
  tcp.acknowledge(view, upper, acknowledgment, window);
  if (mss !== undefined) tcp.writeMss(view, upper, mss);
  if (data !== undefined) frame.set(data, upper + header);
  finishTcp(draft, isIpv6(way.to), length);
  return frame;
}

/** A packet whose protocol is TCP and whose header is there. */
export function readSegment({ frame, bytes, upper, upperLength, end }: Packet): Required<Segment> {
  const header = Math.min(Math.max(tcp.headerLength(frame, upper), tcp.HEADER), upperLength);
  return {
    srcPort: transport.srcPort(frame, upper),
    dstPort: transport.dstPort(frame, upper),
    sequence: tcp.sequence(frame, upper),
    flags: tcp.flags(frame, upper),
    acknowledgment: tcp.acknowledgment(frame, upper),
    window: tcp.window(frame, upper),
    mss: tcp.mss(frame, upper, upperLength),
    data: bytes.subarray(upper + header, end),
  };
}
