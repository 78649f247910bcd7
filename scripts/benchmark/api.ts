/**
 * How much memory a dispatcher takes while its API is asked whatever nobody should (flood.ts): before, at most, and after. In a network of
 * its own, as root:
 *
 *     unshare -n scripts/deno run -A scripts/benchmark/api.ts [SECONDS]
 *     ONEIP_RUNTIME=node unshare -n scripts/deno run -A scripts/benchmark/api.ts [SECONDS]
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAnswered } from "../../src/api/client.ts";
import { runChecked } from "../../src/system/programs.ts";
import { until } from "../../src/system/until.ts";
import { residentMb } from "./process.ts";

const [seconds = "10"] = process.argv.slice(2);
const PORT = 8080;

const root = new URL("../..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "oneip-flood-"));
const control = join(folder, "control", "oneip.sock");
const [config, token] = [join(folder, "oneip.yaml"), join(folder, "token")];
writeFileSync(token, "0123456789abcdef".repeat(4), { mode: 0o600 });
writeFileSync(
  config,
  `dispatcher: {addresses: [10.0.0.2/24], verify: off}
clusters: [{name: web, addresses: [10.0.0.100], backends: [{name: web1, address: 10.0.0.11}]}]
api: {listen: 127.0.0.1:${PORT}, tokenFile: token}
`,
);
await runChecked(["ip", "link", "set", "lo", "up"]);
const dispatcher = spawn(join(root, "scripts/oneip"), ["run", "-c", config], {
  env: { ...process.env, ONEIP_CONTROL: control },
  stdio: ["ignore", "ignore", "inherit"],
});
const pid = dispatcher.pid!;
await until("it answers commands", () => isAnswered(control));

const before = residentMb(pid);
let most = before;
const looking = setInterval(() => most = Math.max(most, residentMb(pid)), 100);
// On Node: a connect to a socket whose queue is full hangs on Deno.
const flood = [join(root, "scripts/node"), join(root, "scripts/benchmark/flood.ts")];
const printed = await runChecked([...flood, control, String(PORT), seconds]);
clearInterval(looking);
const counts = Object.entries(JSON.parse(printed) as Record<string, number>).sort();
for (const [what, count] of counts) console.log(`${String(count).padStart(8)}  ${what}`);
const asked = counts.reduce((sum, [, count]) => sum + count, 0);
console.log(
  `${process.env["ONEIP_RUNTIME"] ?? "deno"}: ${asked} connections in ${seconds} s; resident ` +
    `${before.toFixed(0)} MB before, ${most.toFixed(0)} at most, ${residentMb(pid).toFixed(0)} after`,
);
const ended = once(dispatcher, "exit");
process.kill(pid, "SIGTERM");
await ended;
rmSync(folder, { recursive: true });
