/** A length of time as people say it. */

const UNITS = [["day", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]] as const;

/** `3 min`, in the largest unit that fits, rounded down. */
export function formatSpan(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size) ?? ["s", 1000];
  const count = Math.floor(ms / size);
  return `${count} ${unit === "day" && count !== 1 ? "days" : unit}`;
}
