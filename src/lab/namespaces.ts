/**
 * The network namespaces of a lab. Everything is made inside them: the host's own interfaces are never
 * touched.
 *
 * All that is made for a lab carries its mark, `ONEIP_LAB=NAME.ID`, whose ID no other lab ever had: programs in their
 * environment, namespaces as the alias of their `lo`. Only what carries the mark is removed, so neither somebody else's
 * namespace nor the lab of the same name in a container is touched.
 */

import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import type { NodePlan, Topology } from "./topology.ts";
import { type Command, run, runChecked } from "../system/programs.ts";

/** Where ip-netns(8) keeps the names. */
export const NAMES = "/run/netns";

/** The environment variable that names the lab for which a program was started. */
export const VARIABLE = "ONEIP_LAB";

/** A mark for a lab that comes up. A name has no dot, so no mark begins like that of another name. */
export function newMark(lab: string): string {
  return `${VARIABLE}=${lab}.${randomUUID()}`;
}

/** Is it a mark of the lab with this name? Nothing is looked for by what is none. */
export function isMarkOf(lab: string, mark: unknown): mark is string {
  return typeof mark === "string" && /^[0-9a-f-]{36}$/.test(mark.slice(`${VARIABLE}=${lab}.`.length)) &&
    mark.startsWith(`${VARIABLE}=${lab}.`);
}

/** The name of the lab that has this mark. */
export function labOf(mark: string): string {
  return mark.slice(VARIABLE.length + 1, mark.indexOf("."));
}

/** The mark as the environment of whatever is started for the lab. */
export function environmentOf(mark: string): Record<string, string> {
  return { [VARIABLE]: mark.slice(VARIABLE.length + 1) };
}

/** `LAB-NODE`, so that `ip netns exec` finds it from any shell. */
export function namespaceOf(lab: string, node: string): string {
  return `${lab}-${node}`;
}

/** Names of the namespaces that exist. */
export function existingNamespaces(): string[] {
  try {
    return readdirSync(NAMES);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return []; // Nobody has ever given a name.
    throw error;
  }
}

/** The mark of the lab for which a namespace was made; undefined when it was made for none. */
export async function markOf(namespace: string): Promise<string | undefined> {
  const { status, stdout } = await run(["ip", "-n", namespace, "-j", "link", "show", "dev", "lo"]);
  if (status !== 0) return undefined; // It has gone meanwhile, or is a file that is no namespace.
  const [lo] = JSON.parse(stdout) as { ifalias?: string }[];
  return lo?.ifalias?.startsWith(`${VARIABLE}=`) ? lo.ifalias : undefined;
}

/** Begins a shell's script in which what was begun by `... & also` is waited for by `together`; the first that fails ends it. */
const SIDE_BY_SIDE = `
each=
also() { each="$each $!"; }
together() { for pid in $each; do wait "$pid"; done; each=; }`;

/**
 * IPv6 addresses serve at once, without a second of duplicate detection. Where br_netfilter is there, it is switched off:
 * bridged IP would pass the namespace's packet filter and be dropped or changed.
 */
export const QUICK_AND_PLAIN = `
for file in /proc/sys/net/ipv6/conf/all/accept_dad /proc/sys/net/ipv6/conf/default/accept_dad \\
  /proc/sys/net/bridge/bridge-nf-call-*; do
  if [ -e "$file" ]; then echo 0 >"$file"; fi
done`;

/**
 * One shell makes all: to start a program from here takes longer than all that it does. The kernel waits while it makes a
 * namespace, so they are made side by side. Each is marked before it gets its name, so none of ours is ever seen without its mark.
 */
const MAKE = `
make() { unshare --net sh -ec "$INSIDE" sh "$1" & also; }
INSIDE='
${QUICK_AND_PLAIN}
exec ip -batch - <<END
link set lo alias $MARK
netns attach $1 $$
END'`;

/**
 * Makes the nodes' namespaces and links them, but for the faulty links, which a program makes. `way`: words that run a program where the
 * lab is (keeper.ts).
 */
export async function makeNamespaces(
  way: Command,
  lab: string,
  mark: string,
  topology: Topology,
): Promise<void> {
  const faulty = new Set(topology.faulty.map(({ ends }) => ends));
  const links = topology.links.filter((ends) => !faulty.has(ends)).map(([a, b]) => {
    const end = (at: typeof a) => `${at.interface} address ${at.mac} netns ${namespaceOf(lab, at.node)}`;
    return `link add name ${end(a)} type veth peer name ${end(b)}`;
  });
  const lines = [
    SIDE_BY_SIDE,
    MAKE,
    ...topology.nodes.map(({ name }) => `make ${namespaceOf(lab, name)}`),
    "together",
    ...heredoc("ip -batch -", links),
  ];
  await runLines(way, lines, { ...environmentOf(mark), MARK: mark });
}

/** Takes all links up. A bridge node's links become ports of its br0. */
export async function takeLinksUp(
  way: Command,
  lab: string,
  mark: string,
  topology: Topology,
): Promise<void> {
  const lines = topology.nodes.flatMap((node) => [
    ...heredoc(`ip -netns ${namespaceOf(lab, node.name)} -batch -`, linesToTakeUp(node), "&"),
    "also",
  ]);
  await runLines(way, [SIDE_BY_SIDE, ...lines, "together"], environmentOf(mark));
}

/** Ports forward at once: there is no other bridge to make a loop with. */
function linesToTakeUp({ kind, interfaces }: NodePlan): string[] {
  const isBridge = kind === "bridge";
  return [
    "link set lo up",
    ...(isBridge ? ["link add br0 type bridge forward_delay 0", "link set br0 up"] : []),
    ...interfaces.map(({ name, mtu }) =>
      `link set dev ${name} ${mtu === undefined ? "" : `mtu ${mtu} `}${isBridge ? "master br0 " : ""}up`
    ),
  ];
}

/** A command with its input, as a shell reads it. */
function heredoc(command: string, lines: readonly string[], end = ""): string[] {
  return [`${command} <<'END' ${end}`, ...lines, "END"];
}

async function runLines(
  way: Command,
  lines: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  await runChecked([...way, "sh", "-es"], { input: [...lines, ""].join("\n"), env });
}

/** The words that run a program in a namespace. */
export function inside(way: Command, namespace: string): string[] {
  return [...way, "ip", "netns", "exec", namespace];
}
