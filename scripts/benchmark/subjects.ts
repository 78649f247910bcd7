/** What is compared: each a machine of cluster.yaml, or none at all. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../src/system/programs.ts";
import type { Port } from "../../src/wire/port.ts";
import { beforeOf, CLANG, FAST, NFTABLES, NOBODY, type Runtime, RUNTIMES, UPLINK } from "./names.ts";
import {
  haproxyConfig,
  MANY,
  manyNftablesRules,
  nftablesRules,
  oneipConfig,
  type OneipOptions,
  type Size,
} from "./subject_files.ts";
import type { Place, Testbed } from "./testbed.ts";

const HERE = fileURLToPath(new URL("./", import.meta.url));
export const ONEIP = join(HERE, "../oneip");
/** Deno, with all permissions, for what stands behind it. */
export const RUN_DENO = [
  join(HERE, "../deno"),
  "run",
  "--quiet",
  "-A",
  "--config",
  join(HERE, "../../deno.json"),
];
/** What has to be looked after, as words behind a subject's name. */
export const SIZES: Readonly<Record<string, Size>> = {
  "1 backend": { clusters: 1, backends: 1 },
  "1,000 backends": { clusters: 1, backends: MANY },
  "50 clusters, 1,000 backends": { clusters: 50, backends: MANY },
};
/** Subjects that are there in each of these sizes. */
export const SIZED: readonly string[] = [NFTABLES, CLANG, UPLINK, FAST];

export interface Subject {
  readonly name: string;
  /** Where the router sends packets for the cluster address. */
  readonly nextHops: readonly string[];
  /** To which the loads address their frames. */
  readonly mac: string;
  /** Its machine, and the shell line that it runs there. */
  readonly node?: string;
  readonly cmd?: string;
  readonly ports?: readonly Port[];
  readonly readyText?: string;
  /** Where the frames that it has forwarded come in next. */
  readonly output?: Place;
  /** Why it cannot be measured. */
  readonly missing?: string;
}

/** The last number of a machine's address is the last octet of its MAC. */
const addressOf = (number: number) => `10.0.0.${number}`;
const macOf = (number: number) => `02:00:00:00:00:${number}`;
const WEB1_MAC = macOf(11);

/**
 * All of them, with the files that they need in the testbed's folder. `against`: another checkout, whose dispatchers take part.
 */
export async function findSubjects(bed: Testbed, against?: string): Promise<Subject[]> {
  const loop = await compile(bed);
  const write = (name: string, text: string) => {
    writeFileSync(join(bed.folder, name), text);
    return join(bed.folder, name);
  };
  const haproxy = write("haproxy.cfg", haproxyConfig());
  const stdin = join(bed.folder, "never-ends");
  const inC = (node: string, number: number, option = ""): Partial<Subject> => ({
    ...machine(node, number),
    cmd: `${join(bed.folder, "forward")} tap0 ${macOf(number)} ${WEB1_MAC} ${option}`,
    output: { node, interface: "tap0" },
    ...loop,
  });
  const config = (file: string, number: number, options: { size?: Size } & OneipOptions) =>
    write(`${file}.yaml`, oneipConfig({ address: addressOf(number), mac: macOf(number), ...options }));
  const oneip = (
    name: string,
    runtime: Runtime,
    node: string,
    number: number,
    options: { size?: Size } & OneipOptions = {},
    command = ONEIP,
  ) => ({
    name,
    ...machine(node, number),
    cmd: `env ONEIP_RUNTIME=${runtime} ${command} run -c ${
      config(name.replaceAll(/\W+/g, "-"), number, options)
    }`,
    readyText: '"msg":"running"',
    output: { node, interface: "tap0" },
  });
  /** Of TypeScript alone. */
  const alone = (name: string, runtime: Runtime, node: string, number: number, options: OneipOptions = {}) =>
    oneip(name, runtime, node, number, { fastPath: "off", ...options });
  const uplink = { attach: "uplink", interface: "eth1" } as const;
  const clang = await lacksClang();
  const sized = (words: string, size?: Size) => [
    oneip(FAST + words, "deno", "fast", 39, { fastPath: "on", ...(size && { size }) }),
    oneip(UPLINK + words, "deno", "uplink", 40, { fastPath: uplink, ...(size && { size }) }),
    {
      name: CLANG + words,
      ...machine("clang", 26),
      cmd: `${RUN_DENO.join(" ")} ${join(HERE, "forward_bpf.ts")} ${
        config(`clang${words.replaceAll(/\W+/g, "-")}`, 26, { ...(size && { size }) })
      } eth1`,
      readyText: "running",
      ...clang,
    },
  ];
  return [
    { name: NOBODY, nextHops: [addressOf(11), addressOf(12)], mac: WEB1_MAC },
    { name: "C loop", ...inC("cloop", 21) },
    { name: "C loop, virtio header", ...inC("cheader", 22, "--header") },
    {
      name: "VDE 2",
      ...machine("vde", 23),
      // It ends with its standard input, so that must have none.
      cmd:
        `sh -c "mkfifo ${stdin} && exec vde_switch -sock ${bed.folder}/vde -tap tap0 -tap tap1 <>${stdin}"`,
      output: { node: "vde", interface: "tap1" },
      ...await needing("vde_switch"),
    },
    nftables(NFTABLES, write("dispatch.nft", nftablesRules(macOf(24), [WEB1_MAC, macOf(12)]))),
    {
      name: "HAProxy",
      ...machine("haproxy", 25),
      cmd: `haproxy -db -f ${haproxy}`,
      ports: [{ port: 80, protocol: "tcp" }],
      ...await needing("haproxy"),
    },
    ...sized(""),
    ...Object.entries(SIZES).flatMap(([words, size]) => [
      ...sized(`, ${words}`, size),
      nftables(
        `${NFTABLES}, ${words}`,
        write(
          `${words.replaceAll(/\W+/g, "-")}.nft`,
          manyNftablesRules(macOf(24), oneipConfig({ address: addressOf(24), mac: macOf(24), size })),
        ),
      ),
    ]),
    alone(RUNTIMES.deno, "deno", "deno", 31),
    alone(RUNTIMES.node, "node", "node", 32),
    alone(`${RUNTIMES.deno}, offloads off`, "deno", "denoplain", 33, { offloads: false }),
    alone(`${RUNTIMES.node}, offloads off`, "node", "nodeplain", 34, { offloads: false }),
    alone(`${RUNTIMES.deno}, 2 queues`, "deno", "denoqueues", 35, { queues: 2 }),
    alone(`${RUNTIMES.node}, 2 queues`, "node", "nodequeues", 36, { queues: 2 }),
    ...(against === undefined ? [] : [
      oneip(beforeOf(RUNTIMES.deno), "deno", "denobefore", 37, {}, join(against, "scripts/oneip")),
      oneip(beforeOf(RUNTIMES.node), "node", "nodebefore", 38, {}, join(against, "scripts/oneip")),
    ]),
  ] as Subject[];
}

function nftables(name: string, rules: string): Partial<Subject> {
  return {
    name,
    ...machine("nftables", 24),
    // The rules go with it, so that the next one finds none.
    cmd:
      `sh -c "nft delete table netdev dispatch 2>/dev/null; nft -f ${rules} && echo running && exec sleep infinity"`,
    readyText: "running",
    output: { node: "lan", interface: "nftables" },
  };
}

/** The port of the LAN behind which a subject is: there comes in what it has forwarded. */
export function lanPort({ node }: Subject): Place {
  return { node: "lan", interface: node! };
}

function machine(node: string, number: number): Pick<Subject, "node" | "nextHops" | "mac"> {
  return { node, nextHops: [addressOf(number)], mac: macOf(number) };
}

/** Why a program that is not there cannot be measured. */
export async function needing(...programs: string[]): Promise<{ missing?: string }> {
  for (const program of programs) {
    const { status } = await run(["sh", "-c", `command -v ${program}`]);
    if (status !== 0) return { missing: `there is no ${program} on this machine` };
  }
  return {};
}

async function compile(bed: Testbed): Promise<{ missing?: string }> {
  const without = await needing("gcc");
  if (without.missing !== undefined) {
    return { missing: `${without.missing}; install it with apt-get install gcc libc6-dev` };
  }
  const { status, stderr } = await run([
    "gcc",
    "-O2",
    "-o",
    join(bed.folder, "forward"),
    join(HERE, "forward.c"),
  ]);
  return status === 0 ? {} : { missing: `gcc could not compile forward.c: ${stderr.split("\n")[0]}` };
}

async function lacksClang(): Promise<{ missing?: string }> {
  const { missing } = await needing("clang");
  return missing === undefined ? {} : { missing: `${missing}; install it with apt-get install clang` };
}
