import { expect, test } from "vitest";
import { type Outgoing, TcpConnection, type TcpOwner } from "../../src/health/tcp_connection.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";

const [SYN, PSH, ACK] = [0x02, 0x08, 0x10];
const SETTINGS = {
  window: 1000,
  mostUnderWay: 1000,
  mss: 100,
  resendMs: 200,
  resendSynMs: 1000,
  mostResends: 5,
  mostSynResends: 5,
  evenSynResends: 0,
};
const OURS = 5000;
const THEIRS = 100;

/** A connection that another one has opened, and what it has sent since. */
function opened(): { readonly connection: TcpConnection; readonly sent: Outgoing[] } {
  const sent: Outgoing[] = [];
  const owner: TcpOwner = {
    clock: new VirtualClock(),
    send: (segment) => void sent.push(segment),
    later: (call) => call(),
    opened: () => {},
    received: () => true,
    ended: () => {},
    acknowledged: () => {},
    failed: () => {},
  };
  const connection = TcpConnection.answer(owner, SETTINGS, OURS, segment(SYN, THEIRS));
  connection.hear(segment(ACK, THEIRS + 1));
  sent.length = 0;
  return { connection, sent };
}

function segment(flags: number, sequence: number, octets = 0) {
  const data = new Uint8Array(octets);
  return { srcPort: 1, dstPort: 2, flags, sequence, acknowledgment: OURS + 1, window: 1000, mss: 100, data };
}

test("an acknowledgment without data that is ahead is not answered, and one from outside of the window is", () => {
  const { connection, sent } = opened();
  connection.hear(segment(ACK, THEIRS + 1));
  connection.hear(segment(ACK, THEIRS + 11));
  connection.hear(segment(ACK, THEIRS + 1 + SETTINGS.window));
  expect(sent).toEqual([]);
  connection.hear(segment(ACK, THEIRS));
  connection.hear(segment(ACK, THEIRS + 2 + SETTINGS.window));
  const answers = sent.map(({ sequence, acknowledgment }) => [sequence, acknowledgment]);
  expect(answers).toEqual([[OURS + 1, THEIRS + 1], [OURS + 1, THEIRS + 1]]);
});

test("data that is ahead is answered by what is lacking", () => {
  const { connection, sent } = opened();
  connection.hear(segment(ACK | PSH, THEIRS + 11, 10));
  expect(sent.map(({ acknowledgment }) => acknowledgment)).toEqual([THEIRS + 1]);
});
