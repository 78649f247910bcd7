/** The recipe of a system, with the cluster addresses filled in. */

import { isIpv6 } from "../../wire/address.ts";
import type { Basis, Method, Step } from "./recipe.ts";
import { FREEBSD, MACOS, NETBSD, OPENBSD } from "./recipes_bsd.ts";
import { LINUX } from "./recipes_linux.ts";
import { AIX, HPUX, SOLARIS, WINDOWS } from "./recipes_vendors.ts";

export const RECIPES = {
  linux: LINUX,
  freebsd: FREEBSD,
  openbsd: OPENBSD,
  netbsd: NETBSD,
  macos: MACOS,
  windows: WINDOWS,
  aix: AIX,
  hpux: HPUX,
  solaris: SOLARIS,
} as const;

export type GuideSystem = keyof typeof RECIPES;

export interface GuideMethod {
  readonly name: string;
  readonly cost: string;
  readonly steps: readonly GuideStep[];
}

export interface GuideStep {
  readonly title: string;
  readonly commands: readonly string[];
  readonly note: string | null;
  /** "tried", "unconfirmed", or the name of the text that the step is from. */
  readonly basis: string;
}

/** Without cluster addresses the commands keep the word CLUSTER, for both families. */
export function guideFor(system: GuideSystem, clusters: readonly string[]): GuideMethod[] {
  return RECIPES[system].map(({ name, cost, steps }: Method) => ({
    name,
    cost,
    steps: steps.filter((step) => isFor(step, clusters)).map((step) => ({
      title: step.title,
      commands: commandsOf(step, clusters),
      note: step.note ?? null,
      basis: formatBasis(step.basis),
    })),
  }));
}

/** A step for one family is left out where no cluster address is of that family. */
function isFor({ ipv4, ipv6, lines }: Step, clusters: readonly string[]): boolean {
  const isGeneral = lines !== undefined || (ipv4 === undefined && ipv6 === undefined);
  return isGeneral || clusters.length === 0 ||
    clusters.some((cluster) => (isIpv6(cluster) ? ipv6 : ipv4) !== undefined);
}

function commandsOf({ lines = [], ipv4 = [], ipv6 = [] }: Step, clusters: readonly string[]): string[] {
  if (clusters.length === 0) return [...lines, ...ipv4, ...ipv6];
  const each = clusters.flatMap((cluster) =>
    [...lines, ...(isIpv6(cluster) ? ipv6 : ipv4)].map((line) => line.replaceAll(/\bCLUSTER\b/g, cluster))
  );
  return [...new Set(each)];
}

function formatBasis(basis: Basis): string {
  return typeof basis === "string" ? basis : basis.from;
}
