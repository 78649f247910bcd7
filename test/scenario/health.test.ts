/** Servers that die in several ways on machines that live on: the probes find out, by the way that clients take. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, request, until } from "oneip";
import { runChecked } from "../../src/system/programs.ts";
import { casesOf } from "../halves.ts";
import { needsTap } from "../needs.ts";
import { RUNTIME } from "../runtime.ts";
import { clientOf, CLUSTER, CLUSTER6, expected, labWith } from "./labs.ts";

const BACKENDS = ["web1", "web2", "web3", "web4"];
const PROBES = `health:
      - {type: icmp, interval: 200ms, timeout: 3s, fall: 2}
      - {type: http, port: 8080, path: /healthz, body: well, interval: 200ms, timeout: 3s, fall: 2}
      - {type: https, port: 8443, host: www.example.com, ca: FOLDER/server.pem, interval: 1s, timeout: 10s}
      - {type: exec, port: 8080, command: [bash, FOLDER/check], interval: 5s, timeout: 30s}
    backends:`;

/** By the loopback port it finds the backend that its environment names, and no other. */
const CHECK = `
exec 3<>"/dev/tcp/$ONEIP_PROXY_ADDRESS/$ONEIP_PROXY_PORT"
printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3
grep -q "$ONEIP_BACKEND" <&3 || { echo "it is not $ONEIP_BACKEND"; exit 1; }
`;

interface Told {
  readonly msg: string;
  readonly backend?: string;
  readonly reason?: string;
  readonly fault?: string | null;
}

describe.skipIf(needsTap())("a server that is dead on a live machine", () => {
  let lab: Lab;
  const folder = mkdtempSync(join(tmpdir(), "oneip-health-"));

  const told = (): Told[] =>
    lab.node("lb").program!.log.split("\n").filter((line) => line.startsWith("{")).map((line) =>
      JSON.parse(line)
    );
  const tellingOf = (backend: string) =>
    told().filter((one) =>
      one.backend === backend && (one.msg === "backend is up" || one.msg === "backend is down")
    );
  /** Waits until the last word on a backend is this. */
  const toldOf = (backend: string, what: "up" | "down") =>
    until(`${backend} is ${what}`, () => {
      const last = tellingOf(backend).at(-1);
      return last?.msg === `backend is ${what}` && last;
    });
  const nginx = (backend: string, ...args: string[]) =>
    lab.node(backend).exec(
      "nginx",
      "-e",
      `${folder}/${backend}.log`,
      "-c",
      `${folder}/${backend}.conf`,
      ...args,
    );
  const configure = (backend: string, healthz = "return 200 all-is-well") =>
    writeFileSync(
      join(folder, `${backend}.conf`),
      `daemon on; worker_processes 1; pid ${folder}/${backend}.pid; error_log ${folder}/${backend}.log; events {}
       http {
         access_log ${folder}/${backend}.access;
         server { listen [::]:8080 ipv6only=off; location / { return 200 ${backend}; } location /healthz { ${healthz}; } }
         server {
           listen [::]:8443 ssl ipv6only=off;
           ssl_certificate ${folder}/server.pem; ssl_certificate_key ${folder}/server.key;
         }
       }`,
    );
  /** Who answers a client that has been the backend's own. */
  const owner = async (backend: string) => {
    const [answer] = await request(lab.node("client1"), [clientOf(backend)], `http://${CLUSTER}/`);
    return answer!.backend;
  };
  const isServedByAnother = (backend: string) =>
    until(`clients of ${backend} are served by another`, async () => await owner(backend) !== backend);

  beforeAll(async () => {
    writeFileSync(join(folder, "check"), CHECK);
    const key = [
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      `${folder}/server.key`,
      "-out",
      `${folder}/server.pem`,
    ];
    const name = ["-subj", "/CN=www.example.com", "-addext", "subjectAltName=DNS:www.example.com"];
    await runChecked(["openssl", "req", "-x509", ...key, ...name, "-days", "2"]);
    lab = await labWith(
      "health",
      (config) => config.replace("backends:", PROBES.replaceAll("FOLDER", folder)),
    );
    for (const backend of BACKENDS) {
      configure(backend);
      await nginx(backend);
    }
    for (const backend of BACKENDS) await toldOf(backend, "up");
  });
  afterAll(async () => {
    await lab?.down();
    rmSync(folder, { recursive: true });
  });

  test("all are up, and each client has its own", async () => {
    expect(Object.fromEntries(await Promise.all(BACKENDS.map(async (name) => [name, await owner(name)]))))
      .toEqual(
        Object.fromEntries(BACKENDS.map((name) => [name, name])),
      );
    expect(Object.values(expected([clientOf("web1")]))).toEqual(["web1"]);
  });

  test("the server is stopped: refused at once, and back when it is started", async () => {
    await nginx("web1", "-s", "quit");
    expect(await toldOf("web1", "down")).toMatchObject({
      fault: "no-service",
      reason: expect.stringContaining("it refuses TCP connections to"),
    });
    await isServedByAnother("web1");
    await nginx("web1");
    await toldOf("web1", "up");
    await until("its clients are back", async () => await owner("web1") === "web1");
  });

  test("the server hangs: it accepts and is silent", async () => {
    await lab.node("web2").exec("sh", "-c", `pkill -STOP -P $(cat ${folder}/web2.pid)`);
    expect((await toldOf("web2", "down")).reason).toMatch(
      /it accepts a connection for https?:.* and does not answer/,
    );
    await isServedByAnother("web2");
    await lab.node("web2").exec("sh", "-c", `pkill -CONT -P $(cat ${folder}/web2.pid)`);
    await toldOf("web2", "up");
  });

  test("the server answers 500, or without the wanted text", async () => {
    configure("web3", "return 500");
    await nginx("web3", "-s", "reload");
    expect((await toldOf("web3", "down")).reason).toMatch(/^it answers http:.*\/healthz with status 500$/);
    await isServedByAnother("web3");
    configure("web3");
    await nginx("web3", "-s", "reload");
    await toldOf("web3", "up");
    configure("web3", "return 200 sick");
    await nginx("web3", "-s", "reload");
    await until(
      "its body is found wanting",
      () => tellingOf("web3").at(-1)?.reason?.includes('without "well" in its body'),
    );
  });

  // Each on a machine of its own: probes that were on their way when the first had lost its alias may fail after it is told to be up.
  const aliases = casesOf<readonly [name: string, address: string, alias: string]>(RUNTIME, {
    deno: ["web4", CLUSTER, `${CLUSTER}/32`],
    node: ["web1", CLUSTER6, `${CLUSTER6}/128`],
  });
  for (const [name, address, alias] of aliases) {
    test(`the alias ${alias} is removed from a machine that serves on its own address`, async () => {
      const before = tellingOf(name).length;
      await lab.node(name).exec("ip", "address", "del", alias, "dev", "lo");
      const down = await until(
        "it is told",
        () => tellingOf(name).slice(before).find(({ msg }) => msg === "backend is down"),
      );
      expect(down).toMatchObject({ fault: "alias-missing", reason: expect.stringContaining(address) });
      await lab.node(name).exec("ip", "address", "add", alias, "dev", "lo");
      await toldOf(name, "up");
    });
  }
});
