/**
 * Who looks after a lab: a shell in a session of its own, which removes the lab when the process that brought it up ends, however it
 * ends, unless it is told to let it be.
 *
 * An ordinary user's lab stands in a user namespace of its own, in which that user is root, and so are its mounts and its network. Its
 * keeper makes them, and stays with a lab that is kept: through it every other command finds the way in.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../input/errors.ts";
import { type Command, run } from "../system/programs.ts";
import { environmentOf, NAMES, namespaceOf, VARIABLE } from "./namespaces.ts";
import { carriesMark } from "./process.ts";
import { folderOf, type LabRecord } from "./record.ts";
import { whyRefused } from "./refused.ts";
import { ownUid } from "./user.ts";

/**
 * Ends whatever was started for a lab, which is known by its environment, also a program that is still making namespaces. The arguments of
 * all that follows: the lab's mark, its folder, and of root's lab the namespaces. What is not there is no fault.
 */
const END_STARTED = `
mark=$1 folder=$2; shift 2
started() { grep -lzsxF -e "$mark" /proc/[0-9]*/environ | cut -d/ -f3; }
while pids=$(started) && [ -n "$pids" ]; do kill -9 $pids 2>/dev/null; done`;

/** It may be a later lab's. */
const REMOVE_FOLDER = `
if grep -qsF -e "$mark" "$folder/lab.json"; then rm -rf "$folder"; fi`;

/**
 * Removes root's lab: also what runs in its namespaces, a person's shell for instance, which is known by where it runs. What is named
 * after a namespace goes with it: the control socket of a dispatcher that was killed (api/socket.ts), and the records of a backend's set-up
 * (backend/setup/record.ts). A kill in the middle of `ip netns attach` leaves an empty file that is no namespace.
 */
const REMOVE = `${END_STARTED}
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
fi 2>/dev/null${REMOVE_FOLDER}`;

/**
 * Removes an ordinary user's lab from the inside: its namespaces, and all that is named after them, go with the last program in its user
 * namespace. Whoever else is there is a person, or a lab in the lab.
 */
const REMOVE_OWN = `${END_STARTED}${REMOVE_FOLDER}
own=$(stat -Lc %i /proc/$$/ns/user)
left=$(stat -Lc '%i %n' /proc/[0-9]*/ns/user 2>/dev/null | sed -n "s|^$own /proc/\\([0-9]*\\)/.*|\\1|p")
for pid in $left; do [ "$pid" = $$ ] || kill -9 "$pid"; done 2>/dev/null`;

/** The same from the outside, when nothing is left that holds the way in. */
const REMOVE_REST = `${END_STARTED}${REMOVE_FOLDER}`;

/** Whoever removes a lab does not carry its mark. */
const UNMARKED = ["env", `--unset=${VARIABLE}`];

/** Arguments: those of REMOVE. A line on standard input tells it to let all be. */
const KEEP = `if read -r dismissed; then exit; fi${REMOVE}`;

/**
 * The same in the user namespace of a lab. Arguments: REMOVE_OWN, then those of it.
 *
 * A folder /run of the lab's own has the names of its namespaces and the sockets of its dispatchers. All else in it leads to what the
 * machine has there. It stands at /tmp for a moment, since it can take its place only when it is complete.
 *
 * A watcher removes the lab when the keeper is killed, and when the lab's record goes: so it does when the user logs out. The keeper removes
 * the lab when the watcher is killed. Both carry the lab's mark until they remove it themselves.
 */
const KEEP_OWN = `
remove=$1; shift
mount -n -t tmpfs -o mode=0755 oneip /tmp
cd /tmp
mkdir .machine
mount -n --rbind /run .machine
ln -s .machine/* .
rm -f netns oneip
mkdir netns oneip
mount -n --move /tmp /run
cd /
sh -c '
  keeper=$1 remove=$2; shift 2
  tail --pid="$keeper" --sleep-interval=1 --follow=name "$2/lab.json"
  exec ${UNMARKED.join(" ")} sh -c "$remove" sh "$@"
' sh $$ "$remove" "$@" >/dev/null 2>&1 &
echo $$ >"$2/keeper"
echo ready
exec 2>/dev/null
if read -r dismissed; then
  exec >/dev/null
  wait || :
fi
exec ${UNMARKED.join(" ")} sh -c "$remove" sh "$@"`;

/** What a user needs to be root in it and nowhere else. What is mounted on the machine later is there as well. */
const OWN_NAMESPACES = ["unshare", "--user", "--map-root-user", "--mount", "--propagation=slave", "--net"];

/**
 * Joins them, and stays in the folder where it is, which only the shell knows when it is started. Arguments: the mark, which all
 * that joins carries, the process to join, and the program.
 */
const JOIN = 'export "$1"; target=$2; shift 2; ' +
  'exec nsenter --target="$target" --user --mount --net --preserve-credentials --wdns="$PWD" "$@"';

/**
 * The words that run a program where the namespaces of this user's lab are: none for root, whose are on the machine itself. Throws
 * UsageError when the keeper of an ordinary user's lab has ended.
 */
export function wayInto(record: LabRecord): Command {
  const way = findWay(record);
  if (way !== undefined) return way;
  const { name } = record;
  throw new UsageError(
    `The lab "${name}" has ended, found only its folder ${
      folderOf(name)
    }, remove it with "oneip lab down ${name}"`,
  );
}

function findWay({ name, mark }: LabRecord): Command | undefined {
  if (ownUid() === 0) return [];
  const pid = keeperOf(name);
  return pid !== undefined && carriesMark(pid, mark)
    ? ["sh", "-c", JOIN, "sh", mark, String(pid)]
    : undefined;
}

/** By its file, whose name is no node's: those have an ending. */
function keeperOf(lab: string): number | undefined {
  try {
    return Number(readFileSync(join(folderOf(lab), "keeper"), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Removes a lab, whoever brought it up: all that carries its mark. */
export async function removeLab(record: LabRecord): Promise<void> {
  const way = findWay(record);
  const script = ownUid() === 0 ? REMOVE : way === undefined ? REMOVE_REST : REMOVE_OWN;
  await run([...way ?? [], ...UNMARKED, "sh", "-c", script, "sh", ...argumentsOf(record)]);
}

/** What the scripts that remove a lab want to know. */
function argumentsOf({ name, mark, nodes }: LabRecord): string[] {
  const namespaces = ownUid() === 0 ? nodes.map((node) => namespaceOf(name, node)) : [];
  return [mark, folderOf(name), ...namespaces];
}

/** Removes one of root's namespaces, with all that carries its mark. */
export async function removeNamespace(lab: string, mark: string, namespace: string): Promise<void> {
  await run(["sh", "-c", REMOVE, "sh", mark, folderOf(lab), namespace]);
}

/**
 * The keeper's shell reads from a pipe that only this process holds, so the end of the file is the end of the process. A line tells it to
 * let the lab be. A signal would not do: on Deno `kill` closes the pipe first, and the shell may begin to remove before the signal comes.
 */
export class Keeper {
  readonly #shell: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #leavesWhenDismissed: boolean;

  /** Resolves when the lab can be made. Throws UsageError when an ordinary user can have none. */
  static async start(record: LabRecord): Promise<Keeper> {
    const words = argumentsOf(record);
    if (ownUid() === 0) return new Keeper(spawnKeeper(["sh", "-c", KEEP, "sh", ...words]), true);
    const command = [...OWN_NAMESPACES, "sh", "-ec", KEEP_OWN, "sh", REMOVE_OWN, ...words];
    const shell = spawnKeeper(command, environmentOf(record.mark));
    const keeper = new Keeper(shell, false);
    const failure = await firstWords(shell);
    if (failure === undefined) return keeper;
    await keeper.#ended;
    await removeLab(record);
    throw new UsageError(whyRefused(failure));
  }

  private constructor(shell: ChildProcess, leavesWhenDismissed: boolean) {
    this.#shell = shell;
    this.#leavesWhenDismissed = leavesWhenDismissed;
    this.#ended = once(this.#shell, "exit");
    this.#ended.catch(() => {});
    this.#shell.stdin?.on("error", () => {});
    this.#shell.unref();
  }

  /** Removes the lab now. */
  async remove(): Promise<void> {
    this.#shell.ref();
    this.#shell.stdin?.end();
    await this.#ended;
  }

  /** Lets the lab be. */
  async dismiss(): Promise<void> {
    this.#shell.ref();
    const written = once(this.#shell.stdin!, "finish");
    this.#shell.stdin!.end("dismissed\n");
    await (this.#leavesWhenDismissed ? this.#ended : written);
    this.#shell.unref();
  }
}

function spawnKeeper(command: Command, env?: Record<string, string>): ChildProcess {
  const printed = env === undefined ? "ignore" : "pipe";
  return spawn("setsid", command, {
    stdio: ["pipe", printed, printed],
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
  });
}

/** What a keeper complains of; undefined when it is ready. */
async function firstWords({ stdout, stderr }: ChildProcess): Promise<string | undefined> {
  let complaint = "";
  stderr!.setEncoding("utf8").on("data", (text: string) => complaint += text);
  const complained = once(stderr!, "close");
  const isReady = await Promise.race([once(stdout!, "data"), once(stdout!, "close").then(() => undefined)]);
  if (isReady === undefined) await complained;
  for (const stream of [stdout!, stderr!]) stream.destroy();
  return isReady === undefined ? complaint : undefined;
}
