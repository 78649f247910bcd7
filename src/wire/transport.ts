/** What TCP and UDP headers have in common, RFC 9293 section 3.1 and RFC 768: the ports come first. */

/** Both ports. */
export const PORTS = 4;

const DST_PORT = 2;

/** After `length >= PORTS`. */
export function dstPort(frame: DataView, at: number): number {
  return frame.getUint16(at + DST_PORT);
}
