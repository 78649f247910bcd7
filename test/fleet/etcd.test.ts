import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Etcd, RefusedError, UnreachableError } from "../../src/fleet/etcd/etcd.ts";
import type { Answer } from "../../src/fleet/etcd/post.ts";
import { runChecked } from "../../src/system/programs.ts";
import { MachineClock } from "../machine_clock.ts";
import { needsRoot } from "../needs.ts";
import { runTs } from "../runtime.ts";

describe.skipIf(needsRoot())("a real etcd, with TLS and passwords", () => {
  let found: Record<string, unknown>;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "oneip-etcd-"));
    try {
      found = JSON.parse(
        await runChecked(["unshare", "--net", ...runTs("test/fleet/etcd_probe.ts"), folder]),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("an endpoint that is not there gives way to the next one; a guard that fails says what is there", () => {
    expect(found).toMatchObject({
      failed: true,
      put: true,
      guarded: { succeeded: false, values: [["/f/a", "ä\n"]] },
      keptAlive: false,
      compacted: "RefusedError: the revision is compacted",
      gone: "RefusedError: https://127.0.0.1:2379 refuses: etcdserver: requested lease not found",
    });
  });

  test("a token is had anew when it is over; what is wrong with a password or a certificate is said", () => {
    const refuses = "RefusedError: https://127.0.0.1:2379 refuses: etcdserver:";
    expect(found).toMatchObject({
      first: true,
      renewed: "1",
      elsewhere: `${refuses} permission denied`,
      wrong: `${refuses} authentication failed, invalid user ID or password`,
      none: `${refuses} permission denied`,
      named: expect.stringMatching(
        /^UnreachableError: https:\/\/127.0.0.1:2379 answers with status 400: .*CommonName/,
      ),
      bare: expect.stringMatching(
        /^UnreachableError: https:\/\/127.0.0.1:2379 cannot be reached: .*CERTIFICATE/i,
      ),
      strange: expect.stringMatching(
        /^UnreachableError: https:\/\/127.0.0.1:2379 cannot be reached: .*(SIGN|UnknownIssuer)/,
      ),
      down: "UnreachableError: https://127.0.0.1:2379 cannot be reached: ECONNREFUSED",
    });
  });
});

/** A client of an endpoint that answers so. */
function clientOf(answer: () => Promise<Answer> | Answer, clock = new MachineClock()): Etcd {
  return new Etcd(["http://10.0.0.5:2379"], undefined, () => Promise.resolve(answer()), clock);
}

async function* octets(text: string, times = 1) {
  for (let n = 0; n < times; n++) yield Buffer.from(text);
}

const says = (status: number, text: string, times = 1) => () => ({ status, octets: octets(text, times) });

test.each([
  [
    says(404, "Not Found"),
    "answers with status 404, so it has no JSON gateway: start etcd with enable-grpc-gateway: true",
  ],
  [says(200, "<html>"), 'does not answer as etcd does: "<html>"'],
  [
    says(200, '{"header": {"revision": "x"}}'),
    'does not answer as etcd does: "{\\"header\\": {\\"revision\\": \\"x\\"}}"',
  ],
  [says(200, "x".repeat(2 ** 20), 20), "answers with more than 16777216 octets"],
  [says(503, '{"code": 14, "message": "etcdserver: leader changed"}'), "answers: etcdserver: leader changed"],
])("an endpoint that answers otherwise counts as none", async (answer, why) => {
  const asked = clientOf(answer).transact([], []);
  await expect(asked).rejects.toThrow(UnreachableError);
  await expect(asked).rejects.toThrow(`http://10.0.0.5:2379 ${why}`);
});

test("an endpoint that is silent is given up after a second, by the clock", async () => {
  const clock = new MachineClock();
  const asked = clientOf(() => new Promise<Answer>(() => {}), clock).grant(5);
  asked.catch(() => {});
  await clock.advance(1000);
  await expect(asked).rejects.toThrow("http://10.0.0.5:2379 has not answered within 1000 ms");
});

test("a line of a watch without end is not gathered without end", async () => {
  const watching = clientOf(says(200, "x".repeat(2 ** 20), 20)).watch(
    "/",
    1,
    () => {},
    new AbortController().signal,
  );
  await expect(watching).rejects.toThrow("a line of a watch has more than 16777216 octets");
  await expect(
    clientOf(says(200, '{"result": {"canceled": true, "cancel_reason": "no"}}\n'))
      .watch("/", 1, () => {}, new AbortController().signal),
  ).rejects.toThrow(RefusedError);
});
