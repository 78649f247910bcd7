/**
 * A lab: a topology brought to life in named network namespaces.
 *
 *     await using lab = await Lab.up("netns/routing.yaml");
 *     await lab.node("client1").exec("curl", "http://10.0.0.100/");
 *
 * A lab goes when its process ends, however it ends, unless it was made to be kept.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../input/errors.ts";
import {
  existingNamespaces,
  inNamespace,
  Keeper,
  makeNamespaces,
  markFor,
  namespaceOf,
  removeNamespaces,
} from "./namespaces.ts";
import { Program } from "./program.ts";
import { type Result, run, runChecked, type RunOptions } from "./shell.ts";
import { type NodePlan, parseTopology, type Topology } from "./topology.ts";

/** Where the labs that are up leave their traces: a folder each, with the plan, logs and process numbers. */
const STATE = "/run/oneip/lab";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface LabOptions {
  /** Instead of the topology's own; so that several can stand side by side. */
  readonly name?: string;
  /** The lab outlives this process, until `oneip lab down`. */
  readonly keep?: boolean;
  /** Hears of each step. */
  readonly progress?: (step: string) => void;
}

/** A lab that is up, as `list` tells of it. */
export interface LabInfo {
  readonly name: string;
  /** Absolute path of the topology. */
  readonly file: string;
  readonly nodes: readonly string[];
}

export class Lab {
  readonly name: string;
  readonly topology: Topology;
  readonly #nodes: ReadonlyMap<string, LabNode>;
  #keeper: Keeper | undefined;

  /**
   * Brings a topology up: namespaces, links, set-up lines, programs; about a second. Throws InputError for a bad file, and an
   * error that says so when a lab of that name is up already. Leaves nothing behind when it fails.
   */
  static async up(file: string, options: LabOptions = {}): Promise<Lab> {
    const { keep = false, progress = () => {} } = options;
    const topology = parseTopology(readFileSync(file, "utf8"), file);
    const name = options.name ?? topology.name;
    const namespaces = topology.nodes.map((node) => namespaceOf(name, node.name));
    await claim(name, resolve(file), topology, namespaces);
    const keeper = new Keeper(name, join(STATE, name), namespaces);
    try {
      progress(`${topology.nodes.length} namespaces, ${topology.links.length} links`);
      await makeNamespaces(name, topology);
      const lab = new Lab(name, resolve(file), topology, keeper);
      progress("addresses, routes, ARP silence");
      await Promise.all(topology.nodes.map((node) => lab.node(node.name).setUp()));
      progress("servers and dispatcher");
      await Promise.all(topology.nodes.map((node) => lab.node(node.name).program?.start()));
      if (keep) {
        await keeper.dismiss();
        lab.#keeper = undefined;
      }
      return lab;
    } catch (error) {
      await keeper.remove();
      throw error;
    }
  }

  /** A lab that another process brought up. Throws when there is none of that name. */
  static open(name: string): Lab {
    const info = Lab.list().find((info) => info.name === name);
    if (info === undefined) {
      throw new UsageError(`No lab "${name}" is up; "oneip lab list" shows those that are`);
    }
    return new Lab(name, info.file, parseTopology(readFileSync(info.file, "utf8"), info.file), undefined);
  }

  /** Labs that are up, or were left half made by a crash. */
  static list(): LabInfo[] {
    return folders().flatMap((name) => {
      try {
        return [JSON.parse(readFileSync(join(STATE, name, "lab.json"), "utf8")) as LabInfo];
      } catch {
        return [{ name, file: "", nodes: [] }];
      }
    });
  }

  /**
   * Removes a lab with all that runs in it, also one that was left half made. Nothing there is no fault. `nodes` are looked
   * for besides those that the lab is known to have.
   */
  static async down(name: string, nodes: readonly string[] = []): Promise<void> {
    const known = Lab.list().find((info) => info.name === name)?.nodes ?? [];
    const namespaces = [...new Set([...known, ...nodes])].map((node) => namespaceOf(name, node));
    await removeNamespaces(name, join(STATE, name), namespaces);
  }

  private constructor(name: string, file: string, topology: Topology, keeper: Keeper | undefined) {
    this.name = name;
    this.topology = topology;
    this.#keeper = keeper;
    this.#nodes = new Map(topology.nodes.map((plan) => [plan.name, new LabNode(name, file, plan)]));
  }

  /** Throws when the topology has no such node. */
  node(name: string): LabNode {
    const node = this.#nodes.get(name);
    if (node === undefined) {
      throw new UsageError(
        `Lab "${this.name}" has no node "${name}"; it has ${[...this.#nodes.keys()].join(", ")}`,
      );
    }
    return node;
  }

  async down(): Promise<void> {
    if (this.#keeper === undefined) return await Lab.down(this.name);
    await this.#keeper.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }
}

/** A machine of a lab. */
export class LabNode {
  readonly plan: NodePlan;
  readonly namespace: string;
  /** What it runs in the background, if anything; a dispatcher on a node of kind `oneip`. */
  readonly program: Program | undefined;
  readonly #cwd: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(lab: string, file: string, plan: NodePlan) {
    this.plan = plan;
    this.namespace = namespaceOf(lab, plan.name);
    this.#cwd = dirname(file);
    this.#env = { ...markFor(lab), ...environment() };
    const cmd = plan.kind === "oneip" ? `"$ONEIP" run -c "${plan.startupConfig}"` : plan.cmd;
    this.program = cmd === undefined ? undefined : new Program({
      namespace: this.namespace,
      cmd,
      cwd: this.#cwd,
      env: this.#env,
      logFile: join(STATE, lab, `${plan.name}.log`),
      ports: plan.ports,
      readyText: plan.kind === "oneip" ? '"msg":"running"' : undefined,
    });
  }

  /** Runs a program here; what it printed on standard output. Throws CommandError when its status is not 0. */
  exec(...command: string[]): Promise<string> {
    return runChecked(this.command(command));
  }

  /** Runs a program here whatever its status. */
  run(command: readonly string[], options: RunOptions = {}): Promise<Result> {
    return run(this.command(command), options);
  }

  /** The words that run a command here from any shell. */
  command(command: readonly string[]): string[] {
    return ["ip", "netns", "exec", this.namespace, ...command];
  }

  /** Runs the topology's set-up lines. */
  async setUp(): Promise<void> {
    if (this.plan.exec.length === 0) return;
    await inNamespace(this.namespace, this.plan.exec.join("\n"), { cwd: this.#cwd, env: this.#env });
  }
}

/** What the shell lines of a topology may refer to. */
function environment(): Record<string, string> {
  const isDeno = "Deno" in globalThis;
  return {
    ONEIP: join(ROOT, "scripts/oneip"),
    ONEIP_RUNTIME: isDeno ? "deno" : "node",
    /** Runs a TypeScript file on the runtime of this process. */
    RUN_TS: isDeno ? `${process.execPath} run -A --config ${join(ROOT, "deno.json")}` : process.execPath,
  };
}

/** Takes the name; from here on the lab can be found and removed. */
async function claim(
  name: string,
  file: string,
  topology: Topology,
  namespaces: readonly string[],
): Promise<void> {
  const nodes = topology.nodes.map((node) => node.name);
  mkdirSync(STATE, { recursive: true });
  const existing = await existingNamespaces();
  const taken = namespaces.filter((namespace) => existing.has(namespace));
  try {
    if (taken.length > 0) throw new Error(`namespace ${taken[0]} exists`);
    mkdirSync(join(STATE, name));
  } catch (error) {
    const why = (error as Error).message;
    throw new UsageError(
      `A lab "${name}" is up already (${why}); remove it with "oneip lab down ${name}" or choose a --name`,
    );
  }
  const info: LabInfo = { name, file, nodes };
  writeFileSync(join(STATE, name, "lab.json"), JSON.stringify(info));
}

function folders(): string[] {
  try {
    return readdirSync(STATE).sort();
  } catch {
    return []; // No lab was ever up.
  }
}
