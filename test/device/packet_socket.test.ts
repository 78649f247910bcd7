import { expect, test } from "vitest";
import { run, runChecked } from "../../src/system/programs.ts";
import { needsRoot } from "../needs.ts";
import { runTs } from "../runtime.ts";

const PROBE = runTs("test/device/packet_socket_probe.ts");

test.skipIf(needsRoot())(
  "a packet socket gives the frames that its filter takes, and no others",
  async () => {
    expect(JSON.parse(await runChecked(["unshare", "-n", ...PROBE]))).toEqual({
      given: {
        arp: ["question", "highAddress", "dispatcher", "question"],
        nd: ["solicitation", "advertisement", "solicitation"],
      },
      groups: true,
      ownIsRead: false,
      failure: 'PacketSocketError: Cannot listen on "none": ENODEV: no such device',
      seen: [["in"], ["out", "in"]],
      gone: [
        expect.stringMatching(
          /^PacketSocketError: No more frames come from "near": ENETDOWN: the interface is down or gone$/,
        ),
        "none",
      ],
    });
  },
);

test.skipIf(needsRoot())("without the right to have one it says which", async () => {
  const { stderr } = await run([
    "unshare",
    "-n",
    "setpriv",
    "--bounding-set=-net_raw",
    "--inh-caps=-net_raw",
    ...PROBE,
  ]);
  expect(stderr).toContain(
    'Cannot listen on "far": EPERM: operation not permitted; run as root or with CAP_NET_RAW',
  );
});
