/** What a dispatcher's log says on a terminal: sentences, each with its time, in place of lines of JSON. */

import { styleText } from "node:util";
import type { ClusterConfig, Config } from "../config/config.ts";
import type { Warning } from "../config/warnings.ts";
import type { Report } from "../engine/report.ts";
import type { FaultData } from "../fault/fault.ts";
import type { ConfigChanges } from "../cluster/config_changes.ts";
import { describeChanges } from "./print_changes.ts";
import { describeFaultData, describeWarning } from "./print_faults.ts";
import { formatSpan } from "../system/span.ts";
import { wrap } from "./wrap.ts";

/** A line of the log. Its other keys depend on `msg`. */
interface LogRecord {
  readonly level: number;
  /** ISO 8601. */
  readonly time: string;
  readonly msg: string;
  readonly [key: string]: unknown;
}

type Tell = (record: LogRecord) => string;

/** pino's level from which on something is wrong. */
const WARN = 40;

/** Lists of names are cut behind so many. */
const MOST_NAMES = 8;

/** Owners that a sentence about a map names. */
const MOST_OWNERS = 3;

/** Makes of each line of JSON the lines for a terminal. It remembers who answers, to say what a change means. */
export class Sentences {
  readonly #clusters: readonly ClusterConfig[];
  /** By address: does the neighbor answer? Not there before it has done so, or has failed. */
  readonly #answers = new Map<string, boolean>();
  /** By event, or by message for what is no event. */
  readonly #tells: Readonly<Record<string, Tell>> = {
    "running": (record) => this.#running(record),
    "neighbor answers": (record) => this.#answering(record),
    "neighbor does not answer": (record) => this.#silent(record),
    "backend.up": (record) => this.#up(record),
    "backend.down": (record) => this.#down(record),
    "backend.draining": (record) =>
      `${this.#name(record)} is draining (${String(record["reason"])}): it gets no new clients.`,
    "backend.flapping": (record) => `${this.#name(record)} goes up and down: ${String(record["reason"])}.`,
    "health.ignored": healthIgnored,
    "health.heeded": healthHeeded,
    "map.changed": mapChanged,
    "route.announced": ({ cluster, reason }) =>
      `The routes to cluster ${String(cluster)} are announced to the routers: ${String(reason)}.`,
    "route.leaving": ({ cluster, reason }) =>
      `The routes to cluster ${String(cluster)} are announced as leaving (${
        String(reason)
      }): routers go over to other dispatchers.`,
    "route.withdrawn": ({ cluster, reason }) =>
      `The routes to cluster ${String(cluster)} are withdrawn: ${
        String(reason)
      }. Other dispatchers of the fleet get its clients.`,
    "bird.lost": ({ socket, reason }) =>
      `BIRD does not answer at ${String(socket)}: ${
        String(reason)
      }. Its routes stay as they are; it is asked again each second.`,
    "bird.back": ({ socket }) => `BIRD answers again at ${String(socket)}.`,
    "bird.unheard": () =>
      "No session of BIRD with a router is established any more, so nobody hears of the routes.",
    "bird.heard": ({ established, all }) =>
      `${String(established)} of ${String(all)} sessions of BIRD with routers ${
        Number(established) === 1 ? "is" : "are"
      } established again.`,
    "bird.lacks": ({ protocols, remedy }) =>
      `BIRD has no protocols ${names(protocols)}, so their routes are not announced: ${String(remedy)}.`,
    "no fast path: this process forwards every frame itself": ({ why }) =>
      `No fast path, so this process forwards every frame itself: ${String(why)}.`,
    "another machine claims an address of ours": claim,
    "technique changed": techniqueChanged,
    "fleet.agreed": ({ revision, observers }) =>
      `This dispatcher goes by the word of its fleet, ${
        (observers as readonly string[]).length === 0 ? "of which nobody has one yet" : names(observers)
      }, and by ${
        revision === 0 ? "the clusters of its file" : `revision ${String(revision)} of what it shares`
      }.`,
    "fleet.alone": ({ reason }) =>
      `This dispatcher is alone: ${String(reason)}. It keeps its map, and goes by what it finds itself.`,
    "fleet.behind": ({ reason }) =>
      `etcd is behind: ${String(reason)}. It was perhaps restored from an older copy. ` +
      '"oneip config push" says which configuration is to hold.',
    "fleet.nonsense": ({ keys }) =>
      `What stands in etcd at ${names(keys)} is not what it should be, and does not count.`,
    "fleet.unshared": ({ reason }) =>
      `Started by the clusters of its file, not by those that its fleet shares: ${String(reason)}.`,
    "takeover.done": ({ pausedMs }) =>
      `This dispatcher has taken over from the one that ran before. Frames waited for ${
        String(pausedMs)
      } ms.`,
    "takeover.begun": ({ pid }) => `Process ${String(pid)} gets ready to take over from this one.`,
    "takeover.given": ({ pid }) =>
      `Process ${String(pid)} has taken over: this one ends, and leaves everything as it is.`,
    "takeover.failed": ({ pid }) =>
      `Process ${String(pid)} began to take over and did not end it, so this one goes on. ` +
      "See what that process says.",
    "takeover.bereaved": () =>
      "The other dispatcher died meanwhile. This one goes on with what it had heard from it by then.",
    "takeover.forgotten": ({ version, understood }) =>
      `What the dispatcher before knew is not understood (version ${String(version)}, not ${
        String(understood)
      }): ` +
      "connections of buckets in transition may be cut, and neighbors and health are found out anew.",
    "transition ended": transitionEnded,
    "pair.active": ({ family, reason }) =>
      `Active for ${String(family)}: ${String(reason)}. The shared addresses are here now.`,
    "pair.backup": ({ family, reason }) =>
      `Backup for ${String(family)}: ${String(reason)}. The shared addresses are the other one's.`,
    "pair.leaving": ({ family }) => `Leaves the shared addresses of ${String(family)} to the other one.`,
    "pair.went_on": ({ other, clusters, buckets, connections }) =>
      `Goes on by what ${String(other)} had: the maps of ${names(clusters, "cluster")}, ${
        String(buckets)
      } buckets in transition and ` +
      `${String(connections)} connections of them.`,
    "pair.split": ({ family, other }) =>
      `Another dispatcher, ${String(other)}, is active for ${
        String(family)
      } at the same time. Both forward, and no connection is lost by ` +
      "that. If it goes on, look why the two do not hear each other.",
    "left to the backends' filters": ({ clusters }) =>
      `${names(clusters, "cluster")} is left to the filters of its backends.`,
    "verified, no fault found": verified,
    "stopping": ({ signal }) => `Stopping, because of ${String(signal)}.`,
    "stopped": stopped,
  };

  constructor({ clusters }: Config) {
    this.#clusters = clusters;
  }

  /** `line` is one record of the log. Empty for what another record says better. */
  of(line: string): string {
    const record = JSON.parse(line) as LogRecord;
    const time = new Date(record.time).toTimeString().slice(0, 8);
    const by = " ".repeat(time.length + 2);
    const block = blockOf(record);
    if (block !== undefined) return `${time}  ${record.msg}:\n\n${block}\n\n`;
    const told = (this.#tells[String(record["event"] ?? record.msg)] ?? plainly)(record);
    if (told === "") return "";
    const sentence = wrap(told, by);
    return `${time}  ${record.level >= WARN ? styleText("yellow", sentence) : sentence}\n`;
  }

  #running({ interface: name, bridge, mac, addresses, fastPath }: LogRecord): string {
    const clusters = this.#clusters.map((one) => `${one.name} (${one.addresses.join(", ")})`);
    const port = bridge === undefined ? "" : `, a port of bridge ${String(bridge)}`;
    return `The dispatcher ${list(addresses)} runs on ${String(name)}${port}, with MAC ${String(mac)}. ` +
      `It serves ${plural(clusters.length, "cluster")} ${enumerate(clusters)}.` +
      (typeof fastPath === "string" ? ` The kernel passes plain frames on itself, on ${fastPath}.` : "");
  }

  /** That a backend answers is told by its state. */
  #answering({ address, backends, mac }: LogRecord): string {
    const before = this.#answers.get(String(address));
    this.#answers.set(String(address), true);
    if (backends !== undefined) {
      return before === true ? `${names(backends)} has another MAC now, ${String(mac)}.` : "";
    }
    const who = `The next hop ${String(address)}`;
    if (before === true) return `${who} has another MAC now, ${String(mac)}.`;
    return before === undefined ? `${who} is up (MAC ${String(mac)}).` : `${who} is back.`;
  }

  #silent({ address, backends }: LogRecord): string {
    this.#answers.set(String(address), false);
    if (backends !== undefined) return "";
    return `The next hop ${
      String(address)
    } is gone: what is routed to it is answered with host unreachable. ${nobodyAnswers(address)}`;
  }

  #up(record: LogRecord): string {
    const { address, mac, was, wasForMs, reason } = record;
    const who = this.#name(record);
    const time = formatSpan(Number(wasForMs));
    switch (was) {
      case "unknown":
        return `${who} is up at ${String(address)}${mac === undefined ? "" : ` (MAC ${String(mac)})`}.`;
      case "draining":
        return `${who} gets new clients again, after ${time}.`;
      case "flapping":
        return `${who} has stayed up for a while: it gets clients again.`;
      default:
        return `${who} is back after ${time}: ${String(reason)}.`;
    }
  }

  #down(record: LogRecord): string {
    const { address, by, was, wasForMs, reason } = record;
    const who = this.#name(record);
    if (by === "administration") return `${who} is taken down (${String(reason)}).`;
    const since = was === "up" ? ` It was up for ${formatSpan(Number(wasForMs))}.` : "";
    const remedy = by === "neighbor" ? ` ${nobodyAnswers(address)}` : "";
    return `${who} is down: ${String(reason)}.${since}${remedy}`;
  }

  /** With its cluster where there are several. */
  #name({ cluster, backend }: LogRecord): string {
    return this.#clusters.length === 1 ? String(backend) : `${String(cluster)}/${String(backend)}`;
  }
}

function nobodyAnswers(address: unknown): string {
  return `Nobody answers for ${String(address)}: see whether the machine is up, and on this link.`;
}

function healthIgnored({ cluster, live, minimum }: LogRecord): string {
  return `Only ${String(live)} of at least ${String(minimum)} backends of cluster ${
    String(cluster)
  } are live, so their health is ` +
    "ignored: whoever answers for its address gets clients. See whether the backends fail, or the probes.";
}

function healthHeeded({ cluster, live }: LogRecord): string {
  return `Health counts again in cluster ${String(cluster)}: ${String(live)} backends are live.`;
}

interface Move {
  readonly from: string | null;
  readonly to: string | null;
  readonly buckets: number;
}

/** By those who lost or by those who gained, whichever are fewer. */
function mapChanged(record: LogRecord): string {
  const moves = record["moves"] as readonly Move[];
  const losers = Map.groupBy(moves, ({ from }) => from);
  const winners = Map.groupBy(moves, ({ to }) => to);
  const byLoser = losers.size <= winners.size;
  const groups = [...(byLoser ? losers : winners)].slice(0, MOST_OWNERS).map(([owner, own]) => {
    const others = names(own.map((move) => ownerName(byLoser ? move.to : move.from)));
    const sum = own.reduce((sum, { buckets }) => sum + buckets, 0);
    return byLoser
      ? `${sum} of ${ownerName(owner)} went to ${others}`
      : `${ownerName(owner)} got ${sum} of ${others}`;
  });
  const more = (byLoser ? losers : winners).size > MOST_OWNERS || record["more"] !== undefined
    ? ", and so on"
    : "";
  const { cluster, moved, buckets } = record;
  return `${String(moved)} of ${String(buckets)} buckets of cluster ${String(cluster)} moved: ${
    groups.join("; ")
  }${more}.`;
}

function ownerName(name: string | null): string {
  return name ?? "nobody, for no backend is live";
}

/** What has a form of its own wherever it is printed. */
function blockOf(record: LogRecord): string | undefined {
  if ("mend" in record && "or" in record) return describeFaultData(record as unknown as FaultData);
  if (record["event"] === "configuration.reloaded" || record["event"] === "configuration.changed") {
    return describeChanges(record as unknown as ConfigChanges);
  }
  if ("key" in record && "decide" in record) return describeWarning(record as unknown as Warning);
  return undefined;
}

function claim({ address, mac, backend, likely }: LogRecord): string {
  const who = backend === undefined
    ? `The machine with MAC ${String(mac)}`
    : `${String(backend)} (MAC ${String(mac)})`;
  const why = likely === undefined ? "Give one of the two another address" : `Likely ${String(likely)}`;
  return `${who} says that ${
    String(address)
  }, an address of ours, is its own, so clients may reach it instead. ` +
    `${why}. "oneip verify" names what mends it.`;
}

function techniqueChanged({ techniques }: LogRecord): string {
  const each = techniques as readonly { readonly cluster: string; readonly technique: string }[];
  return `The technique is now ${enumerate(each.map((one) => `${one.technique} for ${one.cluster}`))}.`;
}

function transitionEnded({ cluster, backends, buckets, cut, lastedMs }: LogRecord): string {
  const minutes = Math.round(Number(lastedMs) / 60_000);
  const have = (backends as readonly string[]).length === 1 ? "has" : "have";
  const cutOff = Number(cut) === 0
    ? ""
    : ` Of ${
      String(cut)
    } of them it was time, so connections may have been cut: \`transition.most\` says when.`;
  return `${names(backends)} ${have} no connections left of ${String(buckets)} ${
    plural(Number(buckets), "bucket")
  } of ` +
    `cluster ${String(cluster)} that others own now, after ${minutes} ${plural(minutes, "minute")}.${cutOff}`;
}

function verified({ backends, untried }: LogRecord): string {
  const tried = `${names(backends)}: set up right, no fault found.`;
  return (untried as readonly string[] | undefined ?? []).length === 0
    ? tried
    : `${tried} No port was tried of ${names(untried, "cluster")}, whose configuration names no TCP port.`;
}

function stopped(
  { received, verdicts, fastPath, dispatched, broadcast, transitions, kept }: LogRecord,
): string {
  const unremembered = Object.entries(transitions as Report["transitions"])
    .map(([cluster, { unremembered }]) => [cluster, unremembered] as const);
  const counts = [
    ...countsOf("", verdicts),
    ...countsOf("", { "by the fast path": (fastPath as Report["fastPath"]).dispatched }),
    ...countsOf("to ", dispatched),
    ...countsOf("to all of ", broadcast),
    ...countsOf("not remembered of ", Object.fromEntries(unremembered)),
    ...countsOf("waited for a MAC and were ", kept),
  ];
  return received === 0
    ? "Stopped. No frame came."
    : `Stopped after ${String(received)} frames: ${counts.join(", ")}.`;
}

/** Without those that are 0. */
function countsOf(prefix: string, counts: unknown): string[] {
  return Object.entries(counts as Readonly<Record<string, number>>).filter(([, count]) => count > 0)
    .map(([name, count]) => `${prefix}${name.replaceAll("_", " ")} ${count}`);
}

/** Of an event that has no sentence of its own: its message, and what it knows. */
function plainly({ level: _, time: __, msg, ...rest }: LogRecord): string {
  const known = Object.entries(rest).map(([key, value]) => `${key} ${list(value)}`);
  const start = msg.charAt(0).toUpperCase() + msg.slice(1);
  return known.length === 0 ? `${start}.` : `${start} (${known.join("; ")}).`;
}

function list(value: unknown): string {
  if (Array.isArray(value)) return value.map(list).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** `web1, web2 and web3`; each once, and of many the first ones. */
function names(some: unknown, kind?: string): string {
  const all = [...new Set(some as readonly string[])];
  const more = all.length - MOST_NAMES;
  const shown = more > 1 ? [...all.slice(0, MOST_NAMES), `${more} more`] : all;
  return `${kind === undefined ? "" : `${plural(all.length, kind)} `}${enumerate(shown)}`;
}

function enumerate(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function plural(count: number, word: string): string {
  return count === 1 ? word : `${word}s`;
}
