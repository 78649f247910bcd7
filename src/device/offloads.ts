/** Offloads of a TAP, include/uapi/linux/if_tun.h: what the kernel may leave undone when it hands a frame over. */

export const TUNSETOFFLOAD = 0x400454d0;

/** By name, as ethtool knows them. `checksum` is the ground that the others stand on. */
const FLAGS = {
  checksum: 0x01,
  tso4: 0x02,
  tso6: 0x04,
  "tso-ecn": 0x08,
  uso4: 0x20,
  uso6: 0x40,
} as const;

export type OffloadName = keyof typeof FLAGS;

/** From all to some to none: UDP segmentation is there since Linux 6.2. */
const WISHES: readonly (readonly OffloadName[])[] = [
  ["checksum", "tso4", "tso6", "tso-ecn", "uso4", "uso6"],
  ["checksum", "tso4", "tso6", "tso-ecn"],
  ["checksum", "tso4"],
  ["checksum"],
];

/** The most that `set`, which says whether the kernel took the flags, gets. */
export function grant(set: (flags: number) => boolean): readonly OffloadName[] {
  return WISHES.find((wish) => set(wish.reduce((flags, name) => flags | FLAGS[name], 0))) ?? [];
}
