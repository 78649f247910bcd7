/** What is compared, as the tables call it. */

/** TypeScript alone. */
export const RUNTIMES = { deno: "TypeScript on Deno", node: "TypeScript on Node" } as const;
export const RUNTIME_NAMES: readonly string[] = Object.values(RUNTIMES);
/** The kernel's share: on the TAP, and on the uplink. The runtime does not matter to its frames. */
export const FAST = "oneip, fast path";
export const UPLINK = "oneip, fast path on the uplink";
export const FAST_NAMES = [FAST, UPLINK] as const;
/** The fast path once more, from C. */
export const CLANG = "C by clang on the uplink";
export const NFTABLES = "nftables";
export const NOBODY = "no dispatcher";

export type Runtime = keyof typeof RUNTIMES;

/** The same dispatcher from another checkout. */
export const beforeOf = (name: string) => `${name}, before`;
