/** What a dispatcher tells, as plain data without times. */

import type { Event } from "./network.ts";

/**
 * By whom it is about, what was told of it, in order. Between one and another there is none: whether web1 or the pair is ready first says
 * nothing.
 */
export function toldOf(events: readonly Event[]): Record<string, string[]> {
  const bySubject = Object.groupBy(events, subjectOf);
  return Object.fromEntries(
    Object.entries(bySubject).sort().map(([subject, all]) => [subject, all!.map(sentenceOf)]),
  );
}

function subjectOf({ event, family, backend, cluster }: Event): string {
  return String(family ?? backend ?? cluster ?? event);
}

function sentenceOf({ event, by, reason, moves, changes }: Event): string {
  const more = [by, reason, moves, changes].filter((value) => value !== undefined)
    .map((value) => typeof value === "string" ? value : JSON.stringify(value));
  return BY_CHANCE.reduce((text, [what, name]) => text.replaceAll(what, name), [event, ...more].join(", "));
}

/** Times; which of a cluster's two addresses was asked last; where the file lies. */
const BY_CHANCE: readonly (readonly [RegExp, string])[] = [
  [/\d+(\.\d+)? m?s\b/g, "a time"],
  [/(10\.0\.0\.100|\[2001:db8::100\]):80/g, "the cluster"],
  [/\S*\/(lb\d\.yaml)/g, "$1"],
];

/** The verdicts that some frame has met meanwhile. */
export function grown(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): string[] {
  return Object.keys(after).filter((name) => after[name]! > (before[name] ?? 0) && !EVERYDAY.has(name))
    .sort();
}

/** They grow by themselves: by questions for MACs, by probes, by what the two of a pair tell each other, and by Linux' own noise on a link. */
const EVERYDAY: ReadonlySet<string> = new Set([
  "answered_arp",
  "answered_nd",
  "heard_neighbor",
  "heard_probe",
  "heard_advertisement",
  "heard_peer",
  "drop_not_ours",
  "drop_arp_other",
  "drop_nd_other",
  "drop_group",
]);
