/** `scripts/setup` installs programs without starting services, and leaves nothing behind. A stand-in is asked in apt-get's place. */

import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runChecked } from "../src/system/programs.ts";
import { needsRoot } from "./needs.ts";
import { ROOT } from "./runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-setup-"));

/**
 * Notes what the policy answers when a service wants to start, as invoke-rc.d would ask. With FIFO, it then waits until somebody
 * opens that.
 */
const APT_GET = `#!/bin/sh
[ "$1" = install ] || exit 0
status=0
/usr/sbin/policy-rc.d nginx start || status=$?
echo "begin $status" >>"$PRINTED"
[ -z "$FIFO" ] || : <"$FIFO"
echo end >>"$PRINTED"
`;

beforeAll(() => {
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/apt-get"), APT_GET, { mode: 0o755 });
  for (const checkout of ["one", "two"]) {
    cpSync(join(ROOT, "scripts"), join(folder, checkout, "scripts"), { recursive: true });
    cpSync(join(ROOT, "package-lock.json"), join(folder, checkout, "package-lock.json"));
    mkdirSync(join(folder, checkout, "node_modules"));
    cpSync(join(ROOT, "package-lock.json"), join(folder, checkout, "node_modules/.installed"));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs shell lines in two checkouts, `one` and `two`, on a machine whose /usr/sbin is its own. The lines that they print. */
async function onMachine(script: string): Promise<string[]> {
  const lines = `
mount --make-rprivate /
mount -t tmpfs oneip /usr/sbin
cd "${folder}"
export PATH="${folder}/bin:$PATH" FIFO= PRINTED="$PWD/printed"
true >printed
policy=/usr/sbin/policy-rc.d
setup() { "$1/scripts/setup" nosuchprogram=nosuchpackage 2>/dev/null; }
left() { cat printed; true >printed; if [ -e $policy ]; then echo left; else echo nothing left; fi; }
${script}`;
  const words = [
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "bash",
    "-ec",
    lines,
  ];
  return (await runChecked(words)).trim().split("\n");
}

describe.skipIf(needsRoot())("setup", () => {
  test("forbids services to start while it installs, and takes the policy away", async () => {
    expect(await onMachine("setup one; left")).toEqual(["begin 101", "end", "nothing left"]);
  });

  test("one that was killed forbids nothing, and the next one takes its policy away", async () => {
    const script = `
mkfifo killed
FIFO=$PWD/killed setsid one/scripts/setup nosuchprogram=nosuchpackage 2>/dev/null & pid=$!
until grep -q begin printed; do sleep 0.02; done
kill -9 -$pid
wait $pid || true
left
until $policy nginx start; do sleep 0.02; done
echo allowed
setup one
left`;
    expect(await onMachine(script)).toEqual([
      "begin 101",
      "left",
      "allowed",
      "begin 101",
      "end",
      "nothing left",
    ]);
  });

  test.each([["one", "one"], ["one", "two"]])(
    "two at once, in checkouts %s and %s",
    async (first, second) => {
      const script = `
rm -f gate; mkfifo gate
FIFO=$PWD/gate setup ${first} & pid=$!
until grep -q begin printed; do sleep 0.02; done
setup ${second} & other=$!
until pgrep -x flock >/dev/null || [ $(grep -c begin printed) = 2 ]; do sleep 0.02; done
: >gate
wait $pid $other
left`;
      const each = ["begin 101", "end"];
      expect(await onMachine(script)).toEqual([...each, ...each, "nothing left"]);
    },
  );

  test("leaves an administrator's policy alone", async () => {
    const script =
      `printf '#!/bin/sh\\nexit 104\\n' >$policy; chmod +x $policy; setup one; left; cat $policy`;
    expect(await onMachine(script)).toEqual(["begin 104", "end", "left", "#!/bin/sh", "exit 104"]);
  });

  test("an ordinary user is told what is missing, and it is no failure", async () => {
    const script = `
setpriv --reuid=65534 --regid=65534 --clear-groups one/scripts/setup nosuchprogram=nosuchpackage 2>&1
left`;
    expect(await onMachine(script)).toEqual([
      "Missing programs, which only root can install: apt-get install nosuchpackage",
      "nothing left",
    ]);
  });
});
