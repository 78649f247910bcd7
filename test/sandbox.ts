/**
 * A place where the commands of a document can do what they say and nobody else notices: namespaces of its own for processes, the
 * network and mounts, with the machine's files below a layer of its own. Whatever ends it, all of it is gone.
 *
 * Inside it stand a site's machines, each with its own network and its own layer of files.
 */

import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { until } from "oneip";
import { type Result, run, runChecked } from "../src/system/programs.ts";
import { ROOT, RUNTIME } from "./runtime.ts";

const CHECKOUT = ROOT.replace(/\/$/, "");

/** Layers lie in memory: the layer of a container's own file system cannot hold another one. */
const MEMORY = "/dev/shm";

/** What a machine has for itself. */
const OWN_FILES = ["/etc", "/usr/local", "/var/lib", "/var/cache"];

/** Where a machine has the checkout, besides its place here. */
const INSTALLED = "/opt/oneip";

const ENVIRONMENT = {
  PATH: `${join(ROOT, "test/stand_ins")}:/usr/local/bin:${join(ROOT, "scripts")}:${
    process.env["PATH"]
  }:/usr/sbin:/sbin`,
  ONEIP_RUNTIME: RUNTIME,
  NO_COLOR: "1",
  // Whoever follows a document runs no half of a suite.
  ONEIP_TEST_SHARED: "",
};

/** Shell lines that lay `folder` over each of `paths`. */
function layers(folder: string, paths: readonly string[]): string {
  return paths.map((path, index) => {
    const [upper, work] = [`${folder}/upper${index}`, `${folder}/work${index}`];
    return `mkdir -p ${upper} ${work} && ` +
      `mount -t overlay oneip -o lowerdir=${path},upperdir=${upper},workdir=${work} ${path}`;
  }).join("\n");
}

/** A process that stands in namespaces, so that others can join it there. */
class Holder {
  readonly pid: number;

  constructor(pid: number) {
    this.pid = pid;
  }

  /** Words that run a program beside it, in the checkout. */
  join(...command: readonly string[]): string[] {
    return ["nsenter", `--target=${this.pid}`, "--mount", "--pid", "--net", `--wdns=${ROOT}`, ...command];
  }
}

export class Sandbox {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #root: Holder;
  readonly #machines = new Map<string, Holder>();

  static async open(): Promise<Sandbox> {
    const folder = mkdtempSync(join(MEMORY, "oneip-docs-"));
    const script = [
      "set -e",
      "mount --make-rprivate /",
      "mount -t tmpfs oneip /run",
      "mount -t sysfs oneip /sys", // Of this network namespace.
      layers(folder, [CHECKOUT, "/opt", ...OWN_FILES]),
      `mkdir ${INSTALLED}`,
      `mount --bind ${CHECKOUT} ${INSTALLED}`,
      "ip link set lo up",
      "echo ready",
      "exec sleep infinity",
    ].join("\n");
    const namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const child = spawn("unshare", [...namespaces, "sh", "-c", script]);
    return new Sandbox(folder, child, await firstChild(child));
  }

  private constructor(folder: string, child: ChildProcess, pid: number) {
    this.#folder = folder;
    this.#process = child;
    this.#root = new Holder(pid);
  }

  /** Brings up the machines of a topology, which know each other by it. */
  async addMachines(topology: string): Promise<void> {
    const file = join(this.#folder, "site.yaml");
    writeFileSync(file, topology);
    await runChecked(this.#root.join("oneip", "lab", "up", file), { env: ENVIRONMENT });
    const printed = await runChecked(this.#root.join("ip", "-j", "netns", "list"));
    for (const { name } of JSON.parse(printed) as { name: string }[]) {
      const machine = name.replace(/^\w+-/, "");
      const folder = join(this.#folder, machine);
      const script = `set -e\n${
        layers(folder, OWN_FILES)
      }\nmount -t tmpfs oneip /run\necho ready\nexec sleep infinity`;
      const inside = ["ip", "netns", "exec", name, "unshare", "--mount", "sh", "-c", script];
      const [program = "", ...args] = this.#root.join(...inside);
      const child = spawn(program, args);
      this.#machines.set(machine, new Holder(await firstChild(child)));
    }
  }

  /** Has it been added? */
  has(machine: string): boolean {
    return this.#machines.has(machine);
  }

  /** Runs shell lines on a machine, or outside of all of them, until they end. */
  run(script: string, machine?: string): Promise<Result> {
    return run(this.#words(script, machine), { env: ENVIRONMENT });
  }

  /** Starts shell lines and resolves when they have printed `text`; they go on until the sandbox is closed. */
  async start(script: string, text: string, machine?: string): Promise<string> {
    const [program = "", ...args] = this.#words(script, machine);
    const child = spawn(program, args, { env: { ...process.env, ...ENVIRONMENT } });
    const printed = collect(child);
    await until(`it prints "${text}"`, () => {
      if (child.exitCode !== null) {
        throw new Error(`It ended with status ${child.exitCode}:\n${printed.text}`);
      }
      return printed.text.includes(text);
    });
    return printed.text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    process.kill(this.#root.pid, "SIGKILL"); // The first process of its namespace: all others go with it.
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #words(script: string, machine: string | undefined): string[] {
    const holder = machine === undefined ? this.#root : this.#machines.get(machine);
    if (holder === undefined) {
      throw new Error(`There is no machine "${machine}", only ${[...this.#machines.keys()].join(", ")}`);
    }
    return holder.join("sh", "-ec", script);
  }
}

/** The process that unshare or nsenter has made, once it has said that it is ready. Throws when it ends before. */
async function firstChild(parent: ChildProcessWithoutNullStreams): Promise<number> {
  const printed = collect(parent);
  await until("the namespaces are made", () => {
    if (parent.exitCode !== null) throw new Error(`They cannot be made:\n${printed.text}`);
    return printed.text.includes("ready");
  });
  return Number(readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, "utf8"));
}

/** What it prints, as it comes. */
function collect(child: ChildProcessWithoutNullStreams): { text: string } {
  const printed = { text: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => printed.text += part);
  }
  return printed;
}
