/** What people have chosen on the screen, and what becomes of it with a key. */

import type { BackendReading } from "./readings.ts";

/** One after another by the key `s`. */
export const ORDERS = ["name", "state", "share", "frames/s", "probe"] as const;

export type Order = (typeof ORDERS)[number];

export interface View {
  readonly order: Order;
  /** `CLUSTER/NAME`; undefined for the first row. */
  readonly selected: string | undefined;
  /** What is to be drained, when somebody says yes. */
  readonly asked: string | undefined;
  readonly isHelp: boolean;
  /** What the last command came to. */
  readonly message: string;
}

export const FIRST_VIEW: View = {
  order: "name",
  selected: undefined,
  asked: undefined,
  isHelp: false,
  message: "",
};

/** What is to be done. `backend`: `CLUSTER/NAME`. */
export type Deed = "quit" | { readonly command: "drain" | "undrain"; readonly backend: string };

export interface Pressed {
  readonly view: View;
  readonly deed?: Deed;
}

/** Who is worst off first. */
const RANKS = { down: 0, flapping: 1, draining: 2, unknown: 3, up: 4 };

const FIRST: Readonly<Record<Order, (one: BackendReading, other: BackendReading) => number>> = {
  name: () => 0, // As the configuration has them.
  state: (one, other) => RANKS[one.state] - RANKS[other.state],
  share: (one, other) => other.share - one.share,
  "frames/s": (one, other) => (other.frames ?? 0) - (one.frames ?? 0),
  probe: (one, other) => (other.probeMs ?? -1) - (one.probeMs ?? -1),
};

export function inOrder(backends: readonly BackendReading[], order: Order): BackendReading[] {
  return [...backends].sort(FIRST[order]);
}

/** The row of what is selected; the first where there is none of that name any more. */
export function rowOf(rows: readonly BackendReading[], selected: string | undefined): number {
  return Math.max(0, rows.findIndex(({ id }) => id === selected));
}

/** Names of keys as node:readline gives them. `page`: rows that are shown at once. */
export function press(view: View, key: string, backends: readonly BackendReading[], page: number): Pressed {
  if (key === "ctrl-c") return { view, deed: "quit" };
  if (view.asked !== undefined) {
    const answered = { ...view, asked: undefined, message: key === "y" ? "" : "Not drained" };
    return key === "y"
      ? { view: answered, deed: { command: "drain", backend: view.asked } }
      : { view: answered };
  }
  if (view.isHelp) return { view: { ...view, isHelp: false } };
  const plain = { ...view, message: "" };
  const rows = inOrder(backends, view.order);
  const row = rowOf(rows, view.selected);
  const selected = rows[row]?.id;
  const move = (to: number): Pressed => {
    const target = rows[Math.max(0, Math.min(rows.length - 1, to))];
    return { view: { ...plain, selected: target?.id } };
  };
  switch (key) {
    case "q":
      return { view, deed: "quit" };
    case "?":
      return { view: { ...plain, isHelp: true } };
    case "s":
      return {
        view: { ...plain, selected, order: ORDERS[(ORDERS.indexOf(view.order) + 1) % ORDERS.length]! },
      };
    case "j":
    case "down":
      return move(row + 1);
    case "k":
    case "up":
      return move(row - 1);
    case "pagedown":
      return move(row + page);
    case "pageup":
      return move(row - page);
    case "home":
      return move(0);
    case "end":
      return move(rows.length - 1);
    case "d":
      return { view: { ...plain, selected, asked: selected } };
    case "u":
      if (selected === undefined) return { view: plain };
      return { view: { ...plain, selected }, deed: { command: "undrain", backend: selected } };
    default:
      return { view: plain };
  }
}
