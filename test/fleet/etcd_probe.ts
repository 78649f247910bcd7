/**
 * What the client makes of a real etcd, as JSON. Run in a network namespace of its own: it starts one member with TLS and passwords, in a
 * folder that is its argument.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { until } from "oneip";
import { type Account, Etcd } from "../../src/fleet/etcd/etcd.ts";
import { Poster } from "../../src/fleet/etcd/post.ts";
import { type Clock, REAL_CLOCK } from "../../src/system/clock.ts";

const [folder = ""] = process.argv.slice(2);
const at = (name: string) => `${folder}/${name}`;
const URL = "https://127.0.0.1:2379";

const sh = (line: string) =>
  execFileSync("sh", ["-ec", line], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] }).toString();

sh(`ip link set lo up
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca
printf 'subjectAltName=IP:127.0.0.1' >names
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout one.key -out one.csr -subj /CN=one
openssl x509 -req -in one.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out one.pem -extfile names
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout nameless.key -out nameless.csr -subj /O=oneip
openssl x509 -req -in nameless.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out nameless.pem`);

const member = spawn("etcd", [
  ...["--data-dir", at("data"), "--listen-client-urls", URL, "--advertise-client-urls", URL],
  ...[
    "--cert-file",
    at("one.pem"),
    "--key-file",
    at("one.key"),
    "--client-cert-auth",
    "--trusted-ca-file",
    at("ca.pem"),
  ],
  ...["--listen-peer-urls", "http://127.0.0.1:2380", "--unsafe-no-fsync"],
  ...["--logger", "zap", "--log-outputs", at("log")],
], { stdio: "ignore" });
const ctl = (...args: readonly string[]) =>
  execFileSync("etcdctl", [
    "--endpoints",
    URL,
    "--cacert",
    at("ca.pem"),
    "--cert",
    at("one.pem"),
    "--key",
    at("one.key"),
    ...args,
  ], {
    stdio: ["ignore", "pipe", "pipe"],
  }).toString();

const read = (name: string) => readFileSync(at(name), "utf8");
const whole = new Poster({ ca: read("ca.pem"), certificate: read("one.pem"), key: read("one.key") });
// With users, etcd's gateway takes no certificate that has a common name.
const nameless = new Poster({
  ca: read("ca.pem"),
  certificate: read("nameless.pem"),
  key: read("nameless.key"),
});
const bare = new Poster({ ca: read("ca.pem"), certificate: undefined, key: undefined });
const strange = new Poster({ ca: undefined, certificate: read("one.pem"), key: read("one.key") });
/** A machine that is busy answers late, which is no matter here. */
const PATIENT: Clock = { ...REAL_CLOCK, after: (ms, call) => REAL_CLOCK.after(ms * 50, call) };
const clientOf = (poster: Poster, account?: Account, endpoints = [URL]) =>
  new Etcd(endpoints, account, poster.post, PATIENT);

const outcome = async (work: () => Promise<unknown>): Promise<unknown> => {
  try {
    return await work();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};

const etcd = clientOf(whole, undefined, ["https://127.0.0.1:9", URL]);
await until("etcd answers", () => etcd.transact([], []).then(() => true, () => false));

const lease = await etcd.grant(60);
const put = await etcd.transact([{ key: "/f/a", revision: 0 }], [{ put: "/f/a", value: "ä\n", lease }]);
const guarded = await etcd.transact([{ key: "/f/a", revision: 0 }], [{ put: "/f/a", value: "2" }], [{
  prefix: "/f/",
}]);
const ending = new AbortController();
let rings = 0;
const watching = outcome(() => etcd.watch("/f/", put.revision + 1, () => rings++, ending.signal));
await etcd.revoke(lease);
await until("the watch rings", () => rings > 0);
ending.abort();
await watching;
for (let n = 0; n < 5; n++) await etcd.transact([], [{ put: "/f/b", value: String(n) }]);
const { revision } = await etcd.transact([], [{ range: "/f/b" }]);
ctl("compaction", String(revision));
const compacted = await outcome(() => etcd.watch("/f/", 2, () => {}, new AbortController().signal));
const keptAlive = await etcd.keepAlive("1234");
const gone = await outcome(() => etcd.transact([], [{ put: "/f/a", value: "1", lease }]));

ctl("user", "add", "root:secret");
ctl("user", "add", "oneip:right");
ctl("role", "add", "oneip");
ctl("role", "grant-permission", "--prefix=true", "oneip", "readwrite", "/oneip/");
ctl("user", "grant-role", "oneip", "oneip");
ctl("user", "grant-role", "root", "root");
ctl("auth", "enable");
const user = clientOf(nameless, { user: "oneip", password: () => "right" });
const first = (await user.transact([], [{ put: "/oneip/a", value: "1" }])).succeeded;
// All tokens end by this.
ctl("--user", "root:secret", "auth", "disable");
ctl("auth", "enable");
const renewed = (await user.transact([], [{ range: "/oneip/a" }])).ranges[0]?.[0]?.value;
const results = {
  failed: etcd.requests.failed > 0,
  put: put.succeeded,
  guarded: { succeeded: guarded.succeeded, values: guarded.ranges[0]?.map(({ key, value }) => [key, value]) },
  keptAlive,
  compacted,
  gone,
  first,
  renewed,
  elsewhere: await outcome(() => user.transact([], [{ put: "/f/a", value: "1" }])),
  wrong: await outcome(() =>
    clientOf(nameless, { user: "oneip", password: () => "wrong" }).transact([], [{ range: "/oneip/a" }])
  ),
  none: await outcome(() => clientOf(nameless).transact([], [{ range: "/oneip/a" }])),
  named: await outcome(() => clientOf(whole).transact([], [])),
  bare: await outcome(() => clientOf(bare).transact([], [])),
  strange: await outcome(() => clientOf(strange).transact([], [])),
};
const ended = once(member, "exit");
member.kill();
await ended;
console.log(JSON.stringify({ ...results, down: await outcome(() => user.transact([], [])) }));
for (const poster of [whole, nameless, bare, strange]) poster.close();
