/** What is compared: each a machine of cluster.yaml, or none at all. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../src/system/programs.ts";
import type { Port } from "../../src/wire/port.ts";
import { haproxyConfig, nftablesRules, oneipConfig } from "./subject_files.ts";
import { type Place, type Testbed } from "./testbed.ts";

const HERE = fileURLToPath(new URL("./", import.meta.url));
export const ONEIP = join(HERE, "../oneip");
export const RUNTIMES = { deno: "oneip on Deno", node: "oneip on Node" } as const;
export const RUNTIME_NAMES: readonly string[] = Object.values(RUNTIMES);
export type Runtime = keyof typeof RUNTIMES;

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

/** The same dispatcher from another checkout. */
export const beforeOf = (name: string) => `${name}, before`;

/**
 * All of them, with the files that they need in the testbed's folder. `against`: another checkout, whose dispatchers take part.
 */
export async function findSubjects(bed: Testbed, against?: string): Promise<Subject[]> {
  const loop = await compile(bed);
  const write = (name: string, text: string) => {
    writeFileSync(join(bed.folder, name), text);
    return join(bed.folder, name);
  };
  const rules = write("dispatch.nft", nftablesRules(macOf(24), [WEB1_MAC, macOf(12)]));
  const haproxy = write("haproxy.cfg", haproxyConfig());
  const stdin = join(bed.folder, "never-ends");
  const inC = (node: string, number: number, option = ""): Partial<Subject> => ({
    ...machine(node, number),
    cmd: `${join(bed.folder, "forward")} tap0 ${macOf(number)} ${WEB1_MAC} ${option}`,
    output: { node, interface: "tap0" },
    ...loop,
  });
  const oneip = async (
    name: string,
    runtime: Runtime,
    node: string,
    number: number,
    options = {},
    command = ONEIP,
  ) => {
    const config = { address: addressOf(number), mac: macOf(number), ...options };
    const file = write(`${node}.yaml`, oneipConfig(config));
    return {
      name,
      ...machine(node, number),
      cmd: `env ONEIP_RUNTIME=${runtime} ${command} run -c ${file}`,
      readyText: '"msg":"running"',
      output: { node, interface: "tap0" },
      ...(Object.keys(options).length === 0 ? {} : await refusal(file, Object.keys(options))),
    };
  };
  return [
    { name: "no dispatcher", nextHops: [addressOf(11), addressOf(12)], mac: WEB1_MAC },
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
    {
      name: "nftables",
      ...machine("nftables", 24),
      cmd: `sh -c "nft -f ${rules} && exec sleep infinity"`,
      output: { node: "lan", interface: "nftables" },
    },
    {
      name: "HAProxy",
      ...machine("haproxy", 25),
      cmd: `haproxy -db -f ${haproxy}`,
      ports: [{ port: 80, protocol: "tcp" }],
      ...await needing("haproxy"),
    },
    await oneip(RUNTIMES.deno, "deno", "deno", 31),
    await oneip(RUNTIMES.node, "node", "node", 32),
    await oneip(`${RUNTIMES.deno}, offloads off`, "deno", "denoplain", 33, { offloads: false }),
    await oneip(`${RUNTIMES.node}, offloads off`, "node", "nodeplain", 34, { offloads: false }),
    await oneip(`${RUNTIMES.deno}, 2 queues`, "deno", "denoqueues", 35, { queues: 2 }),
    await oneip(`${RUNTIMES.node}, 2 queues`, "node", "nodequeues", 36, { queues: 2 }),
    ...(against === undefined ? [] : [
      await oneip(beforeOf(RUNTIMES.deno), "deno", "denobefore", 37, {}, join(against, "scripts/oneip")),
      await oneip(beforeOf(RUNTIMES.node), "node", "nodebefore", 38, {}, join(against, "scripts/oneip")),
    ]),
  ] as Subject[];
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

/** Does this build know these keys of the dispatcher, and take their values? */
async function refusal(file: string, keys: readonly string[]): Promise<{ missing?: string }> {
  const { status, stderr } = await run([ONEIP, "check", "-c", file]);
  if (status === 0) return {};
  const named = keys.map((key) => `dispatcher.${key}`).join(", ");
  if (status === 2) return { missing: `this build has no ${named} with such a value` };
  return { missing: `oneip check failed: ${stderr.trim()}` };
}
