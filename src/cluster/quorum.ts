/**
 * What the dispatchers of a fleet agree on: what each backend may have of its buckets, from what each dispatcher finds by its own probes.
 * It is a function of what they have written down, so all who have read the same come to the same.
 *
 *     d1   1  1  0           each finds: 1, live; 0, not; between them while it starts slowly
 *     d2   1  0  0
 *     d3   1  1  1           one that has no word for a backend does not count for it
 *          |  |  |
 *          1  1  0           what most of them grant at least; a tie is not most
 *
 * Who finds nobody live in a cluster, while another one finds somebody, is blind: more likely its own link is broken. It does not count.
 */

import type { AdministrationState } from "./aspects.ts";
import type { ClusterConfig } from "../config/config.ts";

/** By cluster, and by `NAME ADDRESS` of a backend: the portion of its buckets that a dispatcher would give it, 0 to 1. */
export type Finding = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What people have decided of a backend, for all dispatchers. */
export interface Decision {
  readonly cluster: string;
  readonly backend: string;
  readonly state: AdministrationState;
  /** Null: as configured. */
  readonly weight: DecidedWeight | null;
}

export interface DecidedWeight {
  /** 0 to 100. */
  readonly now: number;
  /** The last one that was not 0: by it the base map is made. */
  readonly base: number;
  /** What the configuration said then. When it says another one, that counts. */
  readonly configured: number;
}

/** What a dispatcher goes by. */
export interface Agreement {
  /** Of all dispatchers; null while this one is alone, and goes by its own. */
  readonly findings: readonly Finding[] | null;
  readonly decisions: readonly Decision[];
}

/** A backend of this name at another address is another machine. */
export function findingKey({ name, address }: { readonly name: string; readonly address: string }): string {
  return `${name} ${address}`;
}

/**
 * What each backend of a cluster may have of its buckets, in the order of the configuration. While nobody has a word for the cluster, all
 * may have all: what is unknown counts as good. Once somebody has, a backend without a word has come later, and waits for its first one.
 */
export function agreedPortions(
  { name: cluster, backends }: Pick<ClusterConfig, "name" | "backends">,
  findings: readonly Finding[],
): number[] {
  const keys = backends.map(findingKey);
  const words = findings.map((finding) => {
    const own = Object.hasOwn(finding, cluster) ? finding[cluster]! : {};
    return keys.map((key) => Object.hasOwn(own, key) ? own[key]! : undefined);
  }).filter((word) => word.some((portion) => portion !== undefined));
  if (words.length === 0) return keys.map(() => 1);
  const seeing = words.filter((word) => word.some((portion) => portion !== undefined && portion > 0));
  const counting = seeing.length > 0 ? seeing : words;
  return keys.map((_, index) => granted(counting.flatMap((word) => word[index] ?? [])));
}

/** The most that more than half of them grant. */
function granted(portions: readonly number[]): number {
  const ascending = portions.toSorted((a, b) => a - b);
  return ascending[Math.floor((ascending.length - 1) / 2)] ?? 0;
}
