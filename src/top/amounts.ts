/** Amounts in few characters. */

import { formatQuantity } from "../system/quantity.ts";

/** Unknown before there are two answers. */
export function formatRate(rate: number | null): string {
  return rate === null ? "-" : formatQuantity(rate);
}

/** `1,234,567` */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

export function formatProbe(ms: number | null): string {
  if (ms === null) return "-";
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 9.95 ? 1 : 0)} ms`;
}
