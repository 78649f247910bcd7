/** A property that does not hold. */

/** Each with the sentence that it is. */
export const PROPERTIES = {
  "one answer": "each SYN is answered by one backend",
  "one owner": "no two backends that choose for themselves take one bucket",
  "kept connections": "no connection is cut but those that a fault may cut",
  "served": "whoever asks while nothing is broken is answered",
  "all return": "while nothing is broken each backend is live, and each bucket has an owner",
  "no false death": "nobody is found dead to whom nothing was done",
  "bypass": "replies pass the dispatcher by",
  "bounded frames": "frames do not multiply",
  "agreement": "dispatchers that know the same have the same map",
  "one active": "of a pair one is active while nothing is broken",
  "no end": "nothing ends by itself, and nothing throws",
} as const;

export type Property = keyof typeof PROPERTIES;

export interface Finding {
  readonly property: Property;
  readonly atUs: number;
  /** What was seen. */
  readonly what: string;
}

/** Told of the first thing that is wrong; what comes later follows from it, perhaps. */
export type Report = (property: Property, what: string) => void;

export function formatTime(us: number): string {
  return `${(us / 1_000_000).toFixed(3)} s`;
}
