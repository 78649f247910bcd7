/** The probes `http` and `https` against servers in memory, under the runtime's own http and tls. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TlsOptions } from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import { parseConfig, parseMac, REAL_CLOCK, until } from "oneip";
import { probesOf } from "../../src/config/health.ts";
import type { Attempt, Failure, Means } from "../../src/health/attempt.ts";
import { requireNeeds } from "../../src/health/needs.ts";
import { httpProbe } from "../../src/health/http_probe.ts";
import { ProbePorts } from "../../src/health/ports.ts";
import { IpFrames } from "../../src/link/ip_frames.ts";
import * as f from "../frames.ts";
import { askedIn, FLAGS, tcpTo } from "./segment.ts";
import { type Connection, type Serve, TcpServer } from "./tcp_server.ts";
import { MACHINE_RANDOM } from "../../src/system/random.ts";

const PLAN = {
  mac: parseMac(f.MAC.dispatcher)!,
  vlan: undefined,
  addresses: [{ address: f.IP.dispatcher, prefixLength: 24 }],
};

interface Begun {
  readonly server: TcpServer;
  /** Octets of frames that have come from the server. */
  readonly came: { octets: number };
  /** Undefined for a success. */
  readonly ended: Promise<Failure | undefined>;
  readonly attempt: Attempt;
}

/** `keys` are those of the probe. */
function begin(keys: object, serve: Serve): Begun {
  const config = parseConfig(
    JSON.stringify({
      dispatcher: { addresses: ["10.0.0.2/24"] },
      clusters: [{
        name: "web",
        addresses: [f.IP.cluster],
        health: { type: "http", ...keys },
        backends: [{ name: "web1", address: f.IP.backend1 }],
      }],
    }),
    "test",
    "test",
  );
  const [cluster] = config.clusters;
  const [probe] = probesOf(cluster!, cluster!.backends[0]!);
  const backend = { mac: f.MAC.backend1, addresses: [f.IP.cluster], open: [80] };
  const frames = new IpFrames(PLAN);
  const ports = new ProbePorts(frames, 0);
  const came = { octets: 0 };
  const server = new TcpServer(backend, {
    clock: REAL_CLOCK,
    deliver: (frame) => {
      came.octets += frame.length;
      setImmediate(() => ports.heard(frame));
    },
    isLost: () => false,
  }, serve);
  const means: Means = {
    frames,
    ports,
    random: MACHINE_RANDOM,
    clock: REAL_CLOCK,
    send: (frame) => setImmediate(() => server.hear(frame)),
  };
  const { promise: ended, resolve } = Promise.withResolvers<Failure | undefined>();
  const attempt = httpProbe(
    {
      probe: probe!,
      way: { from: f.IP.dispatcher, to: f.IP.cluster, mac: parseMac(f.MAC.backend1)! },
      port: 80,
      backend: { cluster: "web", name: "web1", address: f.IP.backend1 },
      isAfterSilence: false,
    },
    means,
    resolve,
  )!;
  return { server, came, ended, attempt };
}

const textOf = ({ received }: Connection) => Buffer.from(received).toString();

/** Answers each request with this, and ends. */
const answering = (answer: string | Uint8Array): Serve => (connection) => {
  if (!textOf(connection).includes("\r\n\r\n")) return;
  connection.received.length = 0;
  connection.send(Buffer.from(answer));
  connection.end();
};

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nall is well\n";
const reasonOf = async (keys: object, serve: Serve) => (await begin(keys, serve).ended)?.reason;

test("a request with its path, method and host, and an answer", async () => {
  let asked = "";
  const keys = { path: "/healthz?deep=1", method: "HEAD", host: "www.example.com" };
  const { ended, server } = begin(keys, (connection) => {
    asked ||= textOf(connection).includes("\r\n\r\n") ? textOf(connection) : "";
    answering(OK)(connection);
  });
  expect(await ended).toBeUndefined();
  expect(asked).toMatch(/^HEAD \/healthz\?deep=1 HTTP\/1\.1\r\n/);
  expect(asked).toMatch(/\r\nhost: www\.example\.com\r\n/i);
  expect(asked.match(/host:/gi)).toHaveLength(1);
  expect(server.connections).toHaveLength(1);
});

test("without `host` the header is the cluster address", async () => {
  let asked = "";
  await begin({}, (connection) => {
    asked ||= textOf(connection).includes("\r\n\r\n") ? textOf(connection) : "";
    answering(OK)(connection);
  }).ended;
  expect(asked).toMatch(/\r\nhost: 10\.0\.0\.100\r\n/i);
});

test("statuses: those that are wanted", async () => {
  const status = (code: number) => answering(`HTTP/1.1 ${code} X\r\nContent-Length: 0\r\n\r\n`);
  expect(await reasonOf({}, status(302))).toBeUndefined();
  expect(await reasonOf({}, status(500))).toBe("it answers http://10.0.0.100:80/ with status 500");
  expect(await reasonOf({ status: [200, "400-404"] }, status(404))).toBeUndefined();
  expect(await reasonOf({ status: 200 }, status(302))).toMatch(/with status 302$/);
});

test("a body: with the wanted text, without, too long", async () => {
  expect(await reasonOf({ body: "is well" }, answering(OK))).toBeUndefined();
  expect(await reasonOf({ body: "sick" }, answering(OK))).toBe(
    'it answers http://10.0.0.100:80/ without "sick" in its body',
  );
  const endless: Serve = (connection) => {
    if (!textOf(connection).includes("\r\n\r\n")) return;
    connection.send(
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n${"x".repeat(100_000)}`),
    );
  };
  expect(await reasonOf({ body: "sick" }, endless)).toMatch(
    /without "sick" in the first 65536 octets of its body$/,
  );
});

const NO_ANSWERS: Readonly<Record<string, readonly [answer: string, reason: RegExp]>> = {
  "garbage": ["\x00\x01\x02garbage\r\n\r\n", /with what is no HTTP|cannot be asked/],
  "half a header": ["HTTP/1.1 200 OK\r\nContent-Le", /ends the connection|no HTTP|cannot be asked/],
  "nothing": ["", /ends the connection|cannot be asked/],
  "a header without end": [
    `HTTP/1.1 200 OK\r\nX: ${"x".repeat(40_000)}\r\n\r\n`,
    /of header|no HTTP|cannot be asked/,
  ],
};
for (const [name, [answer, reason]] of Object.entries(NO_ANSWERS)) {
  test(`answered with ${name}: down, with one reason`, async () => {
    expect(await reasonOf({}, answering(answer))).toMatch(reason);
  });
}

test("a gigabyte: no more is read than is looked at, and the server is told to stop", async () => {
  const gigabyte = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
  const serve: Serve = (connection) => {
    if (!textOf(connection).includes("\r\n\r\n")) return;
    connection.received.length = 0;
    connection.send(Buffer.from(gigabyte));
    connection.send(new Uint8Array(1_000_000));
  };
  for (const [keys, most] of [[{}, 10_000], [{ body: "well" }, 131_072]] as const) {
    const { server, came, ended } = begin(keys, serve);
    expect((await ended) === undefined).toBe(!("body" in keys));
    await until("the server is told", () => server.connections[0]!.wasReset);
    expect(came.octets).toBeLessThan(most);
  }
});

/** Sends this, lets it arrive, and resets. */
const resettingAfter = (answer: string): Serve => (connection) => {
  if (!textOf(connection).includes("\r\n\r\n")) return;
  connection.received.length = 0;
  connection.send(Buffer.from(answer));
  setImmediate(() => setImmediate(() => setImmediate(() => connection.reset())));
};

const RESETS: Readonly<Record<string, readonly [serve: Serve, reason: RegExp]>> = {
  "as it accepts": [(connection) => connection.reset(), /resets the connection/],
  "after the request": [resettingAfter(""), /resets the connection/],
  "after half a header": [resettingAfter("HTTP/1.1 200 OK\r\nContent-Le"), /resets the connection/],
  "after half a body": [
    resettingAfter("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
    /resets the connection|ends the connection|cannot be asked/,
  ],
};
for (const [when, [serve, reason]] of Object.entries(RESETS)) {
  test(`reset by the server ${when}: down, with one reason`, async () => {
    expect(await reasonOf({ body: "x" }, serve)).toMatch(reason);
  });
}

test("reset by the server in answer to the SYN, and after its answer and its FIN", async () => {
  const { server, ended } = begin({}, () => {});
  const { backend } = server;
  const { promise, resolve } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  server.hear = resolve;
  const asked = askedIn(await promise);
  const acknowledgment = (asked.view.getUint32(4) + 1) >>> 0;
  server.deliver(tcpTo(backend, asked, { flags: FLAGS.rst | FLAGS.ack, acknowledgment }));
  expect((await ended)?.reason).toBe("it refuses TCP connections to 10.0.0.100:80");
  const late: Serve = (connection) => {
    answering(OK)(connection);
    setImmediate(() => setImmediate(() => setImmediate(() => connection.reset())));
  };
  expect(await reasonOf({ body: "is well" }, late), "it had said all").toBeUndefined();
});

test("silent: what it lacks by then is said when it is given up", async () => {
  const silent = begin({}, () => {});
  silent.server.hear = () => {};
  expect(silent.attempt.giveUp().reason).toMatch(/^it does not answer TCP at/);
  const { promise, resolve } = Promise.withResolvers<void>();
  const accepting = begin({}, (connection) => connection.received.length > 0 && resolve());
  await promise;
  expect(accepting.attempt.giveUp().reason).toBe(
    "it accepts a connection for http://10.0.0.100:80/ and does not answer",
  );
});

describe("https", () => {
  const folder = mkdtempSync(join(tmpdir(), "oneip-https-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A certificate that signs itself: the files, key before certificate. */
  function certificate(name: string, days: number): TlsOptions & { readonly file: string } {
    const [key, request, file] = ["key", "csr", "pem"].map((ending) => join(folder, `${name}.${ending}`)) as [
      string,
      string,
      string,
    ];
    const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
    const subject = ["-subj", "/CN=www.example.com", "-addext", "subjectAltName=DNS:www.example.com"];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    openssl("req", "-new", ...kind, "-nodes", "-keyout", key, "-out", request, ...subject);
    const signed = ["-signkey", key, "-days", String(days), "-copy_extensions", "copyall"];
    openssl("x509", "-req", "-in", request, "-out", file, ...signed);
    return { key: readFileSync(key), cert: readFileSync(file), file };
  }

  /** A TLS server of the runtime behind the server in memory. */
  async function behindTls(
    options: TlsOptions,
    names: string[] = [],
  ): Promise<{ serve: Serve; close(): void }> {
    const server = createServer(options, (socket) => {
      names.push(String((socket as unknown as { servername: unknown }).servername));
      socket.on("error", () => {});
      socket.once("data", () => socket.end(OK));
    });
    server.on("tlsClientError", () => {});
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const sockets = new Map<Connection, ReturnType<typeof connect>>();
    const serve: Serve = (connection) => {
      let socket = sockets.get(connection);
      if (socket === undefined) {
        socket = connect(port, "127.0.0.1");
        sockets.set(connection, socket);
        socket.on("data", (octets: Uint8Array) => connection.send(octets));
        socket.on("end", () => connection.end());
        socket.on("error", () => {});
      }
      if (connection.received.length > 0) socket.write(Uint8Array.from(connection.received.splice(0)));
    };
    return {
      serve,
      close: () => {
        for (const socket of sockets.values()) socket.destroy();
        server.close();
      },
    };
  }

  const right = certificate("right", 2);

  test("the name is asked for and believed, by its authority or by nobody's", async () => {
    const names: string[] = [];
    const { serve, close } = await behindTls(right, names);
    expect(await reasonOf({ type: "https", host: "www.example.com", ca: right.file, body: "well" }, serve))
      .toBeUndefined();
    expect(names).toEqual(["www.example.com"]);
    expect(await reasonOf({ type: "https", insecure: true }, serve)).toBeUndefined();
    close();
  });

  test("not trusted, of another name, expired, or no TLS at all: one clear reason each", async () => {
    const { serve, close } = await behindTls(right);
    expect(await reasonOf({ type: "https", host: "www.example.com" }, serve)).toMatch(/is not trusted/);
    expect(await reasonOf({ type: "https", host: "other.example.com", ca: right.file }, serve)).toMatch(
      /has another name/,
    );
    close();
    expect(await reasonOf({ type: "https", insecure: true }, answeringAtOnce("HTTP/1.1 400 Bad\r\n\r\n")))
      .toMatch(
        /does not speak TLS|cannot be asked/,
      );
  });

  /** Lets the handshake go on to some stage, and then does something else. */
  const DISTURBANCES: Readonly<
    Record<string, readonly [disturb: (connection: Connection) => void, reason: string]>
  > = {
    "is reset": [(connection) => connection.reset(), "it resets the connection to 10.0.0.100:80"],
    "gets garbage": [
      (connection) => connection.send(Buffer.from("no record of TLS ".repeat(200))),
      "it does not speak TLS at https://10.0.0.100:80/ (",
    ],
    "is ended": [
      (connection) => connection.end(),
      "it ends the connection for https://10.0.0.100:80/ before it has answered",
    ],
  };
  /** How many octets the server may say of a flight; a flight is what it says to one of the client's. */
  const STAGES: Readonly<Record<string, (flight: number, octets: Uint8Array) => number>> = {
    "before ServerHello": () => 0,
    "in the middle of ServerHello": () => 20,
    "after ServerHello": (_, octets) => 5 + ((octets[3]! << 8) | octets[4]!),
    "instead of Finished": (flight, octets) => flight === 1 ? octets.length : 0,
  };

  function disturbed(
    serve: Serve,
    stage: keyof typeof STAGES,
    disturb: (connection: Connection) => void,
  ): Serve {
    let flight = 0;
    let isOver = false;
    let inner: Connection | undefined;
    return (connection) => {
      if (connection.received.length > 0) flight++;
      inner ??= {
        received: connection.received,
        hasEnded: false,
        end: () => {},
        reset: () => {},
        send(octets) {
          if (isOver) return;
          const said = Uint8Array.from(octets);
          const most = STAGES[stage]!(flight, said);
          connection.send(said.subarray(0, most));
          if (most >= said.length) return;
          isOver = true;
          setImmediate(() => setImmediate(() => setImmediate(() => disturb(connection))));
        },
      };
      if (!isOver) serve(inner);
    };
  }

  // All that a server says in TLS 1.3 comes in one flight, so the stages are those of 1.2 but for one.
  const HANDSHAKES = [
    ...Object.keys(STAGES).map((stage) => [stage, "TLSv1.2"] as const),
    ["after ServerHello", "TLSv1.3"] as const,
  ];
  test.each(Object.entries(DISTURBANCES))(
    "a handshake that %s, in each stage: one clear reason",
    async (_, [disturb, reason]) => {
      for (const [stage, version] of HANDSHAKES) {
        const { serve, close } = await behindTls({ ...right, minVersion: version, maxVersion: version });
        const keys = { type: "https", host: "www.example.com", ca: right.file };
        expect(await reasonOf(keys, disturbed(serve, stage, disturb)), `${stage} of ${version}`).toContain(
          reason,
        );
        close();
      }
    },
  );

  test("a file of authorities that is not there, or has none, is told before the start", () => {
    const requireFile = (ca: string) => () =>
      requireNeeds(
        parseConfig(
          JSON.stringify({
            dispatcher: { addresses: ["10.0.0.2/24"] },
            clusters: [{
              name: "web",
              addresses: [f.IP.cluster],
              health: { type: "https", ca },
              backends: [{ name: "web1", address: f.IP.backend1 }],
            }],
          }),
          "test",
          "test",
        ),
      );
    expect(requireFile("/nowhere/ca.pem")).toThrow(
      'Cannot use the certificates "/nowhere/ca.pem": there is no such file',
    );
    expect(requireFile(right.file)).not.toThrow();
  });

  test("expired", async () => {
    const old = certificate("old", -1);
    const { serve, close } = await behindTls(old);
    expect(await reasonOf({ type: "https", host: "www.example.com", ca: old.file }, serve)).toMatch(
      /has expired$/,
    );
    close();
  });
});

/** To whatever comes first. */
function answeringAtOnce(answer: string): Serve {
  return (connection) => {
    if (connection.received.length === 0) return;
    connection.received.length = 0;
    connection.send(Buffer.from(answer));
    connection.end();
  };
}
