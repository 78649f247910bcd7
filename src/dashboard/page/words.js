/** Numbers and times as people read them. */

const WHOLE = new Intl.NumberFormat("en");
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export const NONE = "–";

/** `1,024` @param {number} number */
export function whole(number) {
  return WHOLE.format(number);
}

/** `1.02K` @param {number | null | undefined} number */
export function short(number) {
  return number === null || number === undefined ? NONE : SHORT.format(number);
}

/** `25 %` @param {number} share of 1 */
export function percent(share) {
  return PERCENT.format(share);
}

/** `0.42` @param {number | null} ms */
export function milliseconds(ms) {
  return ms === null ? NONE : ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : String(Math.round(ms));
}

/** `14:02:11`, here @param {number | string} time */
export function clock(time) {
  return CLOCK.format(new Date(time));
}

/** `3 min`: the largest unit of it. @param {number} ms */
export function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
