/**
 * Making and removing the network namespaces of a lab. Everything is made inside them: the host's own interfaces are never
 * touched.
 *
 * All that is made for a lab carries its mark, `ONEIP_LAB=NAME.ID`, whose ID no other lab ever had: programs in their
 * environment, namespaces as the alias of their `lo`. Only what carries the mark is removed, so neither somebody else's
 * namespace nor the lab of the same name in a container is touched.
 */

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import type { NodePlan, Topology } from "./topology.ts";
import { run, runChecked } from "../system/programs.ts";

/** Where ip-netns(8) keeps the names. */
const NAMES = "/run/netns";

/** The environment variable that names the lab for which a program was started. */
const VARIABLE = "ONEIP_LAB";

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

/** Makes the nodes' namespaces and links them, but for the faulty links, which a program makes. */
export async function makeNamespaces(lab: string, mark: string, topology: Topology): Promise<void> {
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
  await runLines(lines, { ...environmentOf(mark), MARK: mark });
}

/** Takes all links up. A bridge node's links become ports of its br0. */
export async function takeLinksUp(lab: string, mark: string, topology: Topology): Promise<void> {
  const lines = topology.nodes.flatMap((node) => [
    ...heredoc(`ip -netns ${namespaceOf(lab, node.name)} -batch -`, linesToTakeUp(node), "&"),
    "also",
  ]);
  await runLines([SIDE_BY_SIDE, ...lines, "together"], environmentOf(mark));
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

async function runLines(lines: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  await runChecked(["sh", "-es"], { input: [...lines, ""].join("\n"), env });
}

/**
 * Ends whatever was started for a lab and removes its namespaces and folder; what is not there is no fault. Arguments: the
 * lab's mark, the folder, the namespaces. What was started for it is known by its environment, also a program that is still
 * making namespaces; what runs in the namespaces, a person's shell for instance, by where it runs. What
 * is named after a namespace goes with it: the control socket of a dispatcher that was killed (api/socket.ts), and the records of
 * a backend's set-up (backend/setup/record.ts). A kill in the middle of `ip netns
 * attach` leaves an empty file that is no namespace. The folder goes unless it is a later lab's.
 */
const REMOVE = `
mark=$1 folder=$2; shift 2
started() { grep -lzsxF -e "$mark" /proc/[0-9]*/environ | cut -d/ -f3; }
while pids=$(started) && [ -n "$pids" ]; do kill -9 $pids 2>/dev/null; done
ours= files=
for namespace in "$@"; do
  file=${NAMES}/$namespace
  case $(ip -n "$namespace" link show dev lo 2>/dev/null) in
  *" alias $mark") ours="$ours $namespace" files="$files $file" ;;
  *) [ -L "$file" ] || [ -s "$file" ] || [ "$(stat -fc %T "$file")" = nsfs ] || rm -f "$file" ;;
  esac
done 2>/dev/null
if [ -n "$ours" ]; then
  numbers=" $(stat -Lc %i $files | tr '\\n' ' ')"
  stat -Lc '%i %n' /proc/[0-9]*/ns/net | while read -r number file; do
    pid=\${file#/proc/}
    case $numbers in *" $number "*) kill -9 "\${pid%%/*}" ;; esac
  done
  set --
  for number in $numbers; do set -- "$@" "/run/oneip/$number.sock" "/run/oneip/$number.backend"; done
  rm -rf "$@"
  printf 'netns del %s\\n' $ours | ip -force -batch -
fi 2>/dev/null
if grep -qsF -e "$mark" "$folder/lab.json"; then rm -rf "$folder"; fi`;

/** Removes all that carries the mark, of the named namespaces only those. */
export async function removeNamespaces(
  mark: string,
  folder: string,
  namespaces: readonly string[],
): Promise<void> {
  await run(["sh", "-c", REMOVE, "sh", mark, folder, ...namespaces]);
}

/**
 * Removes namespaces when this process ends, however it ends: a shell in a session of its own reads from a pipe that only
 * this process holds, so the end of the file is the end of the process. A line tells it to let them be. A signal would not do: on
 * Deno `kill` closes the pipe first, and the shell may begin to remove before the signal comes.
 */
export class Keeper {
  readonly #shell: ReturnType<typeof spawn>;
  readonly #ended: Promise<unknown>;

  constructor(mark: string, folder: string, namespaces: readonly string[]) {
    this.#shell = spawn(
      "setsid",
      ["sh", "-c", `if read -r dismissed; then exit; fi${REMOVE}`, "sh", mark, folder, ...namespaces],
      {
        stdio: ["pipe", "ignore", "ignore"],
      },
    );
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
    this.#shell.stdin?.end("dismissed\n");
    await this.#ended;
  }
}
