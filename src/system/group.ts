/**
 * A program that ends with all that it has started. It runs in a process group whose leader is a shell, and nobody outside kills that
 * group by its number, which another one could have by then: the kill comes from inside, by a member of it.
 *
 *     we ── pipe ──> watcher    the pipe's end, also by our own, is the end of the group
 *                    leader     waits for the program, reports its status, and ends the group
 *                    program    and what it has started
 *
 * Whatever makes a session of its own leaves the group, and stays.
 */

/** Descriptor on which the leader reports the program's status, as decimal digits. */
export const STATUS_FD = 3;

// The leader is silent: its shell would tell of those that it has killed. The watcher is its own child, which nobody else has waited for.
const LEADER = `exec 4<&0 5>&2 </dev/null 2>/dev/null
(read -r _ <&4; kill -KILL 0) & watcher=$!
(exec "$@" 2>&5 3>&- 4<&- 5>&-)
echo $? >&3
kill -KILL $watcher; wait $watcher
kill -KILL 0`;

/** The words that run a program in a group of its own. They must lead a process group; the end of their standard input ends it. */
export function inOwnGroup(command: readonly string[]): readonly string[] {
  return ["sh", "-c", LEADER, "sh", ...command];
}
