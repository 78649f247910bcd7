/**
 * A lab: a topology brought to life in named network namespaces.
 *
 *     await using lab = await Lab.up("netns/routing.yaml");
 *     await lab.node("client1").exec("curl", "http://10.0.0.100/");
 *
 * A lab goes when its process ends, however it ends, unless it was made to be kept.
 */

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "../input/errors.ts";
import {
  environmentOf,
  existingNamespaces,
  inside,
  labOf,
  makeNamespaces,
  markOf,
  namespaceOf,
  newMark,
  takeLinksUp,
} from "./namespaces.ts";
import { Keeper, removeLab, removeNamespace, wayInto } from "./keeper.ts";
import { type InterfaceAddress, parseAddresses } from "./addresses.ts";
import { explainFailure, needProc } from "./failures.ts";
import { carrierHasEnded, checkLogs, linkOf, linksOf, restartLinks, startCarrier } from "./carried_links.ts";
import type { LabLink } from "./links/lab_link.ts";
import { hasEnded, Program } from "./program.ts";
import {
  folderOf,
  type LabRecord,
  logFileOf,
  readRecord,
  recordedNames,
  removeFolder,
  upAlready,
  writeRecord,
} from "./record.ts";
import { setUpNodes } from "./set_up.ts";
import { launcher, runOwn, runTs } from "../system/installation.ts";
import { needTun } from "./tun.ts";
import { ownUid } from "./user.ts";
import { type Result, run, runChecked, type RunOptions } from "../system/programs.ts";
import { topologyFile } from "./shipped.ts";
import { checkLabName, type NodePlan, parseTopology, type Topology, uniqueLabName } from "./topology.ts";

/** How a lab is brought up. */
export interface LabOptions {
  /**
   * Default: one that no other lab has, so that several can stand side by side; the topology's own for a lab that is kept, since
   * a person must find it again.
   */
  readonly name?: string;
  /** The lab outlives this process, until `oneip lab down`. */
  readonly keep?: boolean;
  /** Hears of each step. */
  readonly progress?: (step: string) => void;
}

/** A lab that is up, as `list` tells of it. */
export interface LabInfo extends Omit<LabRecord, "mark"> {
  /** Nodes whose program was started and has ended since; `(links)` for that of the faulty links. */
  readonly ended: readonly string[];
}

/** A topology that is up. It goes with its process, or at the end of `await using`, unless it is to be kept. */
export class Lab {
  /** By it the command and other programs find the lab. */
  readonly name: string;
  /** As its file says, with all names and addresses that follow from it. */
  readonly topology: Topology;
  readonly #record: LabRecord;
  readonly #nodes: ReadonlyMap<string, LabNode>;
  #keeper: Keeper | undefined;

  /**
   * Brings a topology up: namespaces, links, set-up lines, programs; about a second. It is a file, or one that comes along, by its name:
   * "routing". Throws InputError for a bad file, and UsageError when there is none, for a name that cannot be one, when a lab of that name
   * is up already, when somebody else has a namespace that the lab needs, and when this user can have no such lab. Leaves nothing behind
   * when it fails.
   */
  static async up(topologyOrFile: string, options: LabOptions = {}): Promise<Lab> {
    if (options.name !== undefined) checkLabName(options.name);
    const { keep = false, progress = () => {} } = options;
    const file = topologyFile(topologyOrFile);
    const topology = parseTopology(readFileSync(file, "utf8"), file);
    checkLogs(file, topology);
    needProc();
    needTun(topology);
    const name = options.name ?? (keep ? topology.name : uniqueLabName(topology.name));
    const nodes = topology.nodes.map((node) => node.name);
    const namespaces = nodes.map((node) => namespaceOf(name, node));
    const record = { name, file: resolve(file), nodes, mark: newMark(name) };
    if (ownUid() === 0) await needFree(name, namespaces);
    writeRecord(record);
    const keeper = await Keeper.start(record);
    try {
      progress(`${topology.nodes.length} namespaces, ${topology.links.length} links`);
      const way = wayInto(record);
      const there = { there: way, ...surroundings(record) };
      const made = makeNamespaces(way, name, record.mark, topology);
      await Promise.all([made, startCarrier(record, topology, there, made)]);
      await takeLinksUp(way, name, record.mark, topology);
      const lab = new Lab(record, topology, keeper);
      progress("addresses, routes, ARP silence");
      await lab.setUp(Object.fromEntries(topology.nodes.map(({ name, exec }) => [name, exec])));
      progress("servers and dispatcher");
      await Promise.all(topology.nodes.map((node) => lab.node(node.name).program?.start()));
      await restartLinks(record, topology);
      if (keep) {
        await keeper.dismiss();
        lab.#keeper = undefined;
      }
      return lab;
    } catch (error) {
      await keeper.remove();
      throw explainFailure(error);
    }
  }

  /** A lab that another process brought up. Throws UsageError when there is none of that name, or it cannot be a name. */
  static open(name: string): Lab {
    checkLabName(name);
    const record = readRecord(name);
    if (record === undefined) {
      throw new UsageError(`No lab "${name}" is up; "oneip lab list" shows those that are`);
    }
    return new Lab(record, parseTopology(readFileSync(record.file, "utf8"), record.file), undefined);
  }

  /** Labs of this user that are up, or were left half made by a crash. */
  static list(): LabInfo[] {
    return recordedNames().map((name) => {
      const record = readRecord(name);
      if (record === undefined) return { name, file: "", nodes: [], ended: [] };
      const { file, nodes, mark } = record;
      const ended = nodes.filter((node) => hasEnded(logFileOf(name, node), mark));
      return { name, file, nodes, ended: [...ended, ...(carrierHasEnded(record) ? ["(links)"] : [])] };
    });
  }

  /**
   * Removes a lab with all that runs in it, also one that was left half made or has lost its record. Nothing there is no
   * fault. Resolves with the namespaces that have a name like the lab's but were made for no lab: those stay. Throws
   * UsageError for what cannot be a lab's name.
   */
  static async down(name: string): Promise<string[]> {
    checkLabName(name);
    const record = readRecord(name);
    if (record !== undefined) await removeLab(record);
    const foreign = ownUid() === 0 ? await removeUnrecorded(name) : [];
    if (record === undefined) removeFolder(name);
    return foreign;
  }

  private constructor(record: LabRecord, topology: Topology, keeper: Keeper | undefined) {
    this.name = record.name;
    this.#record = record;
    this.topology = topology;
    this.#keeper = keeper;
    this.#nodes = new Map(topology.nodes.map((plan) => [plan.name, new LabNode(this, record, plan)]));
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

  /** The link that ends at `NODE:INTERFACE`. Throws UsageError when there is none, or it does no harm and cannot be told to. */
  link(end: string): LabLink {
    return linkOf(this.#record, this.topology, end);
  }

  /** All links that do harm, or can be told to. */
  links(): LabLink[] {
    return linksOf(this.#record, this.topology);
  }

  /**
   * Runs shell lines by node, side by side, as the `exec` of a topology: in its folder and with its variables. Throws CommandError for the
   * first that fails.
   */
  async setUp(lines: Readonly<Record<string, readonly string[]>>): Promise<void> {
    const plans = Object.entries(lines).map(([node, exec]) => {
      const { namespace, plan } = this.node(node);
      return { node, exec, command: [...inside([], namespace), ...variablesOf(plan)] };
    });
    await setUpNodes(wayInto(this.#record), plans, folderOf(this.name), surroundings(this.#record));
  }

  async down(): Promise<void> {
    if (this.#keeper === undefined) await Lab.down(this.name);
    else await this.#keeper.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }
}

/** A machine of a lab. */
export class LabNode {
  /** The lab that it is a machine of. */
  readonly lab: Lab;
  /** What the topology says of it. */
  readonly plan: NodePlan;
  /** Its network namespace, `LAB-NODE`, for `ip netns exec`. */
  readonly namespace: string;
  /** What it runs in the background, if anything; a dispatcher on a node of kind `oneip`. */
  readonly program: Program | undefined;
  /** The words that run a program here. */
  readonly #there: readonly string[];

  constructor(lab: Lab, record: LabRecord, plan: NodePlan) {
    const { name } = record;
    const { cwd, env } = surroundings(record);
    this.lab = lab;
    this.plan = plan;
    this.namespace = namespaceOf(name, plan.name);
    this.#there = inside(wayInto(record), this.namespace);
    const cmd = plan.kind === "oneip" ? `"$ONEIP" run -c "${plan.startupConfig}"` : plan.cmd;
    this.program = cmd === undefined ? undefined : new Program({
      there: this.#there,
      cmd,
      cwd,
      env: { ...env, ...plan.env },
      logFile: logFileOf(name, plan.name),
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

  /**
   * The words that open this user's shell here. Shells show the machine's name before what one types, so the node's namespace is
   * its name there; a shell that shows none gets it as its prompt.
   */
  shell(): string[] {
    // Only who is root of the machine may write the file.
    const script = '{ echo "$1" >/proc/sys/kernel/hostname || hostname "$1"; } 2>/dev/null; exec "$2"';
    const words = ["sh", "-c", script, "sh", this.namespace, process.env["SHELL"] ?? "/bin/sh"];
    return this.command(["env", `PS1=${this.namespace}# `, "unshare", "--uts", ...words]);
  }

  /** Addresses by interface, without those that every machine has. */
  async addresses(): Promise<InterfaceAddress[]> {
    return parseAddresses(await this.exec("ip", "-j", "address", "show"));
  }

  /** The words that run a command here from any shell. */
  command(command: readonly string[]): string[] {
    return [...this.#there, ...variablesOf(this.plan), ...command];
  }

  /** The words that run the command `oneip` here, on the runtime of this process. */
  oneip(args: readonly string[]): string[] {
    return this.command(["env", `ONEIP_RUNTIME=${process.execPath}`, launcher(), ...args]);
  }
}

/** The words before a command that give it a node's variables. */
function variablesOf({ env }: NodePlan): string[] {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  return variables.length === 0 ? [] : ["env", ...variables];
}

/** Where the shell lines of a topology run, and what they may refer to. */
function surroundings({ name, file, mark }: LabRecord) {
  return {
    cwd: dirname(file),
    env: { ...environmentOf(mark), ...environment(), LAB_FOLDER: folderOf(name) },
  };
}

function environment() {
  return {
    ONEIP: launcher(),
    ONEIP_RUNTIME: process.execPath,
    RUN_TS: runTs(),
    SERVER: runOwn("lab/server"),
  };
}

/** Throws UsageError when a namespace that the lab needs is there. */
async function needFree(name: string, namespaces: readonly string[]): Promise<void> {
  const existing = new Set(existingNamespaces());
  for (const namespace of namespaces) {
    if (!existing.has(namespace)) continue;
    const mark = await markOf(namespace);
    if (mark === undefined) {
      throw new UsageError(
        `The namespace ${namespace} exists and was not made for a lab; remove it with "ip netns del ${namespace}" ` +
          "or choose a --name",
      );
    }
    if (labOf(mark) === name) throw upAlready(name);
    throw new UsageError(
      `The namespace ${namespace} exists, found that of the lab "${labOf(mark)}", choose a --name`,
    );
  }
}

/** Removes root's namespaces of a lab that has lost its record. Resolves with those of such names that are no lab's. */
async function removeUnrecorded(name: string): Promise<string[]> {
  const foreign: string[] = [];
  for (const namespace of existingNamespaces()) {
    if (!namespace.startsWith(namespaceOf(name, ""))) continue;
    const mark = await markOf(namespace);
    if (mark === undefined) foreign.push(namespace);
    else if (labOf(mark) === name) await removeNamespace(name, mark, namespace);
  }
  return foreign;
}
