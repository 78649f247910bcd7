/**
 * Making and removing the network namespaces of a lab. Everything is made inside them: the host's own interfaces are never
 * touched.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import type { NodePlan, Topology } from "./topology.ts";
import { run, runChecked, type RunOptions } from "./shell.ts";

/** The environment variable that names the lab for which a program was started. */
const MARK = "ONEIP_LAB";

/** The environment of whatever is started for a lab, so that its removal finds it. */
export function markFor(lab: string): Record<string, string> {
  return { [MARK]: lab };
}

/** `LAB-NODE`, so that `ip netns exec` finds it from any shell. */
export function namespaceOf(lab: string, node: string): string {
  return `${lab}-${node}`;
}

/** Names of the namespaces that exist. */
export async function existingNamespaces(): Promise<Set<string>> {
  const printed = await runChecked(["ip", "-j", "netns", "list"]);
  const rows = JSON.parse(printed.trim() || "[]") as { name: string }[];
  return new Set(rows.map(({ name }) => name));
}

/** Makes the nodes' namespaces, links them and takes all links up. A bridge node's links become ports of its br0. */
export async function makeNamespaces(lab: string, topology: Topology): Promise<void> {
  const lines = topology.nodes.map(({ name }) => `netns add ${namespaceOf(lab, name)}`);
  for (const [a, b] of topology.links) {
    const end = (at: typeof a) => `${at.interface} address ${at.mac} netns ${namespaceOf(lab, at.node)}`;
    lines.push(`link add name ${end(a)} type veth peer name ${end(b)}`);
  }
  const env = markFor(lab);
  await runChecked(["ip", "-batch", "-"], { input: lines.join("\n"), env });
  await Promise.all(topology.nodes.map((node) => takeUp(namespaceOf(lab, node.name), node, env)));
}

async function takeUp(namespace: string, node: NodePlan, env: Record<string, string>): Promise<void> {
  const isBridge = node.kind === "bridge";
  const lines = [
    "link set lo up",
    // Ports forward at once: there is no other bridge to make a loop with.
    ...(isBridge ? ["link add br0 type bridge forward_delay 0", "link set br0 up"] : []),
    ...node.interfaces.map(({ name }) => `link set ${name} ${isBridge ? "master br0 " : ""}up`),
  ];
  await inNamespace(namespace, QUICK_AND_PLAIN, { env });
  await runChecked(["ip", "-n", namespace, "-batch", "-"], { input: lines.join("\n"), env });
}

/**
 * IPv6 addresses serve at once, without a second of duplicate detection. Where br_netfilter is there, it is switched off:
 * bridged IP would pass the namespace's packet filter and be dropped or changed.
 */
const QUICK_AND_PLAIN =
  "for f in /proc/sys/net/ipv6/conf/*/accept_dad /proc/sys/net/bridge/bridge-nf-call-*; do " +
  'if [ -e "$f" ]; then echo 0 > "$f"; fi; done';

/** Runs shell lines in a namespace. Throws CommandError, whose message shows the line that failed. */
export async function inNamespace(
  namespace: string,
  script: string,
  options: RunOptions = {},
): Promise<void> {
  await runChecked(["ip", "netns", "exec", namespace, "sh", "-exc", script], options);
}

/**
 * Ends whatever was started for a lab and removes its namespaces and folder; what is not there is no fault. Arguments: the
 * lab's name, the folder, the namespaces. What was started for it is known by its environment, also a program that is still
 * making namespaces; what runs in the namespaces, a person's shell for instance, by where it runs. The control socket of a
 * dispatcher that was killed is named after its namespace (control/control_socket.ts).
 */
const REMOVE = `
lab=$1 folder=$2; shift 2
started() { grep -lzs "^${MARK}=$lab$" /proc/[0-9]*/environ | cut -d/ -f3; }
while pids=$(started) && [ -n "$pids" ]; do kill -9 $pids 2>/dev/null; done
for namespace in "$@"; do
  ip netns pids "$namespace" 2>/dev/null | xargs -r kill -9 2>/dev/null
  rm -f "/run/oneip/$(stat -Lc %i "/run/netns/$namespace" 2>/dev/null).sock"
  ip netns del "$namespace" 2>/dev/null
done
rm -rf "$folder"`;

export async function removeNamespaces(
  lab: string,
  folder: string,
  namespaces: readonly string[],
): Promise<void> {
  await run(["sh", "-c", REMOVE, "sh", lab, folder, ...namespaces]);
}

/**
 * Removes namespaces when this process ends, however it ends: a shell in a session of its own reads from a pipe that only
 * this process holds, so the end of the file is the end of the process.
 */
export class Keeper {
  readonly #shell: ReturnType<typeof spawn>;
  readonly #ended: Promise<unknown>;

  constructor(lab: string, folder: string, namespaces: readonly string[]) {
    this.#shell = spawn("setsid", ["sh", "-c", `cat >/dev/null${REMOVE}`, "sh", lab, folder, ...namespaces], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.#ended = once(this.#shell, "exit");
    this.#ended.catch(() => {});
    this.#shell.stdin?.on("error", () => {});
    this.#shell.unref();
  }

  /** Removes them now. */
  async remove(): Promise<void> {
    this.#shell.ref();
    this.#shell.stdin?.end();
    await this.#ended;
  }

  /** Lets them be. */
  async dismiss(): Promise<void> {
    this.#shell.ref();
    this.#shell.kill("SIGKILL");
    await this.#ended;
  }
}
