import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Block, blocksOf, documents, printsPattern } from "./docs_blocks.ts";
import { needsTap } from "./needs.ts";
import { ROOT, RUNTIME } from "./runtime.ts";
import { Sandbox } from "./sandbox.ts";

/** Where the documents' commands run: a network as one has it before oneip comes. */
const SITE = `
# client 192.0.2.11 ── router 192.0.2.1, 10.0.0.1 ── lan ──┬── dispatcher 10.0.0.5 on eth1
#                                                         ├── web1 10.0.0.11
#                                                         └── web2 10.0.0.12
name: site
topology:
  nodes:
    client: {exec: [ip address add 192.0.2.11/24 dev eth1, ip route add default via 192.0.2.1]}
    router:
      exec:
        - sysctl -qw net.ipv4.ip_forward=1
        - ip address add 192.0.2.1/24 dev eth1
        - ip address add 10.0.0.1/24 dev eth2
    lan: {kind: bridge}
    dispatcher: {exec: [ip address add 10.0.0.5/24 dev eth1, ip route add default via 10.0.0.1]}
    web1:
      exec: [ip address add 10.0.0.11/24 dev eth1, ip route add default via 10.0.0.1]
      cmd: $SERVER web1
      ports: [80/tcp]
    web2:
      exec: [ip address add 10.0.0.12/24 dev eth1, ip route add default via 10.0.0.1]
      cmd: $SERVER web2
      ports: [80/tcp]
  links:
    - endpoints: ["client:eth1", "router:eth1"]
    - endpoints: ["router:eth2", "lan:router"]
    - endpoints: ["dispatcher:eth1", "lan:dispatcher"]
    - endpoints: ["web1:eth1", "lan:web1"]
    - endpoints: ["web2:eth1", "lan:web2"]
`;

/** The machines that a mark names; no machine for the checkout, which stands beside them. */
const MACHINES: Readonly<Record<string, readonly (string | undefined)[]>> = {
  checkout: [undefined],
  client: ["client"],
  router: ["router"],
  dispatcher: ["dispatcher"],
  web1: ["web1"],
  web2: ["web2"],
  "each backend": ["web1", "web2"],
  "every machine": ["web1", "web2", "router", "dispatcher"],
};

/** As long as only a hang takes, for the longest document. */
const LIMIT_MS = 900_000;

/** What one would look at first when a command failed. */
async function stateOf(sandbox: Sandbox): Promise<string> {
  const { stdout } = await sandbox.run(
    "ps -eo pid,ppid,args; ls /run/netns; tail -n 20 /run/oneip/lab/*/*.log",
  );
  const state = [`\n${stdout}`];
  for (const machine of MACHINES["every machine"]!.filter((one) => one !== undefined && sandbox.has(one))) {
    const { stdout } = await sandbox.run(
      "ip -br address; ip route; ip neigh; ss -lntp; nft list tables",
      machine,
    );
    state.push(`-- ${machine}\n${stdout}`);
  }
  return state.join("");
}

async function runBlock(sandbox: Sandbox, { place, text, mark }: Block): Promise<string> {
  const { on = "", status = "0", until } = mark!;
  const machines = MACHINES[on];
  if (machines === undefined) throw new Error(`${place}: there is no place "${on}"`);
  let printed = "";
  for (const machine of machines) {
    if (until !== undefined) {
      printed += await sandbox.start(text, until, machine);
      continue;
    }
    const result = await sandbox.run(text, machine);
    const state = String(result.status) === status ? "" : await stateOf(sandbox);
    expect(String(result.status), `${place}\n${text}\n${result.stdout}${result.stderr}${state}`).toBe(status);
    printed += result.stdout + result.stderr;
  }
  return printed;
}

async function putFile(sandbox: Sandbox, { place, text, mark }: Block): Promise<void> {
  const { file = "", on } = mark!;
  if (on === undefined && existsSync(join(ROOT, file))) {
    expect(text, `${place} is ${file}`).toBe(readFileSync(join(ROOT, file), "utf8"));
    return;
  }
  const script = `mkdir -p "$(dirname "${file}")"\ncat >"${file}" <<'END'\n${text}END`;
  for (const machine of on === undefined ? [undefined] : MACHINES[on]!) {
    const { status, stderr } = await sandbox.run(script, machine);
    expect(status, `${place}: ${stderr}`).toBe(0);
  }
}

/** The documents' commands run on Deno, the default: what each command does is tried on both runtimes elsewhere. */
const executed = RUNTIME === "deno" ? documents() : [];

for (const document of executed) {
  const blocks = blocksOf(document).filter(({ mark }) => mark !== undefined);
  if (!blocks.some(({ mark }) => "on" in mark!)) continue;

  // Side by side: most of them wait most of the time, and none can see another.
  test.skipIf(needsTap()).concurrent(
    `what ${document} says to do works, in the order in which it stands there`,
    async () => {
      await using sandbox = await Sandbox.open();
      if (blocks.some(({ mark: { on = "checkout" } = {} }) => on !== "checkout")) {
        await sandbox.addMachines(SITE);
      }
      let printed = "";
      for (const block of blocks) {
        if ("file" in block.mark!) await putFile(sandbox, block);
        else if ("prints" in block.mark!) expect(printed, block.place).toMatch(printsPattern(block.text));
        else if ("on" in block.mark!) printed = await runBlock(sandbox, block);
      }
    },
    LIMIT_MS,
  );
}

test("every command in the documents has a mark that says where it runs, or why it is not run", () => {
  const unmarked = documents().flatMap(blocksOf).filter(({ language, mark }) => {
    if (language === "sh") return !(mark !== undefined && ("on" in mark || "not run" in mark));
    return language !== "" && !(mark !== undefined && ("file" in mark || "part of" in mark));
  });
  expect(unmarked.map(({ place }) => place)).toEqual([]);
});

test("every mark is one that a test understands", () => {
  const keys = ["on", "status", "until", "file", "part of", "prints", "not run"];
  const marks = documents().flatMap(blocksOf).filter(({ mark = {} }) =>
    Object.keys(mark).some((key) => !keys.includes(key))
  );
  expect(marks.map(({ place }) => place)).toEqual([]);
});

test("lines that a document quotes from a file stand there", () => {
  const plain = (text: string) => text.replaceAll(/^ +/gm, "");
  const quotes = documents().flatMap(blocksOf).filter(({ mark = {} }) => "part of" in mark);
  for (const { place, text, mark } of quotes) {
    expect(plain(readFileSync(join(ROOT, mark!["part of"]!), "utf8")), place).toContain(plain(text));
  }
});

test("commands that are not run say why, and are few", () => {
  const reasons = documents().flatMap(blocksOf).flatMap(({ mark = {} }) => mark["not run"] ?? []);
  expect(reasons.every((reason) => reason.length > 10)).toBe(true);
  expect(reasons.length).toBeLessThanOrEqual(7);
});
