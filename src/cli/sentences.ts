/** What a dispatcher's log says on a terminal: sentences, each with its time, in place of lines of JSON. */

import { styleText } from "node:util";
import type { ClusterConfig, Config } from "../config/config.ts";
import type { Warning } from "../config/warnings.ts";
import type { Report } from "../engine/report.ts";
import type { FaultData } from "../fault/fault.ts";
import { describeFaultData, describeWarning } from "./print_faults.ts";
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

/** Makes of each line of JSON the lines for a terminal. It remembers who is live, to say what a change means. */
export class Sentences {
  readonly #clusters: readonly ClusterConfig[];
  /** By address: does the neighbor answer? Not there before it has done so, or has failed. */
  readonly #answers = new Map<string, boolean>();
  /** By message of the log. */
  readonly #tells: Readonly<Record<string, Tell>> = {
    "running": (record) => this.#running(record),
    "neighbor answers": (record) => this.#answering(record),
    "neighbor does not answer": (record) => this.#silent(record),
    "another machine claims an address of ours": claim,
    "technique changed": techniqueChanged,
    "transition ended": transitionEnded,
    "left to the backends' filters": ({ clusters }) =>
      `${names(clusters, "cluster")} is left to the filters of its backends.`,
    "verified, no fault found": verified,
    "stopping": ({ signal }) => `Stopping, because of ${String(signal)}.`,
    "stopped": stopped,
  };

  constructor({ clusters }: Config) {
    this.#clusters = clusters;
  }

  /** `line` is one record of the log. */
  of(line: string): string {
    const record = JSON.parse(line) as LogRecord;
    const time = new Date(record.time).toTimeString().slice(0, 8);
    const by = " ".repeat(time.length + 2);
    const block = blockOf(record);
    if (block !== undefined) return `${time}  ${record.msg}:\n\n${block}\n\n`;
    const sentence = wrap((this.#tells[record.msg] ?? plainly)(record), by);
    return `${time}  ${record.level >= WARN ? styleText("yellow", sentence) : sentence}\n`;
  }

  #running({ interface: name, bridge, mac, addresses }: LogRecord): string {
    const clusters = this.#clusters.map((one) => `${one.name} (${one.addresses.join(", ")})`);
    const port = bridge === undefined ? "" : `, a port of bridge ${String(bridge)}`;
    return `The dispatcher ${list(addresses)} runs on ${String(name)}${port}, with MAC ${String(mac)}. ` +
      `It serves ${plural(clusters.length, "cluster")} ${enumerate(clusters)}.`;
  }

  #answering({ address, backends, moved, mac }: LogRecord): string {
    const before = this.#answers.get(String(address));
    this.#answers.set(String(address), true);
    const who = backends === undefined ? `The next hop ${String(address)}` : names(backends);
    if (before === true) return `${who} has another MAC now, ${String(mac)}.`;
    if (before === undefined) {
      return backends === undefined
        ? `${who} is up (MAC ${String(mac)}).`
        : `${who} is up at ${String(address)} (MAC ${String(mac)}).`;
    }
    if (backends === undefined) return `${who} is back.`;
    return `${who} is back: it has its ${this.#bucketsOf(address, moved)} again.`;
  }

  #silent({ address, backends, moved }: LogRecord): string {
    this.#answers.set(String(address), false);
    const remedy = `Nobody answers for ${String(address)}: see whether the machine is up, and on this link.`;
    if (backends === undefined) {
      return `The next hop ${
        String(address)
      } is gone: what is routed to it is answered with host unreachable. ${remedy}`;
    }
    const lost = `${names(backends)} is gone: its ${this.#bucketsOf(address, moved)}`;
    const heirs = this.#clustersOf(address).flatMap(({ backends }) => backends).filter((backend) =>
      this.#answers.get(backend.address) !== false
    );
    if (heirs.length > 0) return `${lost} went to ${names(heirs.map(({ name }) => name))}. ${remedy}`;
    const clusters = names(this.#clustersOf(address).map(({ name }) => name), "cluster");
    return `${lost} have no owner, for no backend of ${clusters} is left. ${remedy}`;
  }

  /** `2731 of 4096 buckets` */
  #bucketsOf(address: unknown, moved: unknown): string {
    const all = this.#clustersOf(address).reduce((sum, { buckets }) => sum + buckets, 0);
    return `${String(moved)} of ${all} buckets`;
  }

  #clustersOf(address: unknown): ClusterConfig[] {
    return this.#clusters.filter(({ backends }) => backends.some((backend) => backend.address === address));
  }
}

/** What has a form of its own wherever it is printed. */
function blockOf(record: LogRecord): string | undefined {
  if ("mend" in record && "or" in record) return describeFaultData(record as unknown as FaultData);
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

function stopped({ received, verdicts, dispatched, broadcast, transitions, kept }: LogRecord): string {
  const unremembered = Object.entries(transitions as Report["transitions"])
    .map(([cluster, { unremembered }]) => [cluster, unremembered] as const);
  const counts = [
    ...countsOf("", verdicts),
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
