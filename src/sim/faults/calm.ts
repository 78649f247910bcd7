/** When everyone must be served: nothing is broken that the cluster cannot do without, and what has changed has had its time. */

import type { Action } from "../action.ts";
import { type Happening, START_US } from "./schedule.ts";
import { hasAgents, isBroadcast, isPair, type Sketch } from "./sketch.ts";

/**
 * After a fault has begun or ended everyone is served within this time. Failed neighbors are asked each second, three probes take 16 s at most, and
 * a router looks for a next hop that it has given up when the next packet comes.
 */
export const SETTLE_US = 20_000_000;

/** Nobody may notice, neither while it lasts nor when it begins or ends. */
const HARMLESS: ReadonlySet<Action["do"]> = new Set(["clock", "rate", "reload", "upgrade", "etcd"]);

/** What people do: nobody may notice, but a cluster of which one more dies may have nobody left. */
const COMMANDS: ReadonlySet<Action["do"]> = new Set(["drain", "down", "weight", "technique"]);

type Kind = "harmless" | "command" | "survived" | "trouble";

/** A fault that the others make up for, as long as it is the only one. */
function isSurvived({ steps }: Happening, sketch: Sketch): boolean {
  const { action } = steps[0]!;
  const { node, link, from } = action as { readonly [key in "node" | "link" | "from"]?: string };
  const name = node ?? link?.split("-")[0] ?? "";
  const isMachine = name.startsWith("web") || (name.startsWith("lb") && isPair(sketch));
  switch (action.do) {
    case "kill":
      return isMachine;
    case "freeze":
      return isMachine;
    case "cut":
      return isMachine && from === undefined;
    case "server":
      return sketch.health === "tcp" && !isBroadcast(sketch);
    case "kill-agent":
    case "stop-agent":
    case "freeze-agent":
      return hasAgents(sketch);
    default:
      return false;
  }
}

function kindOf(happening: Happening, sketch: Sketch): Kind {
  const { action } = happening.steps[0]!;
  const what = action.do;
  // Etcd is never in the way of a frame.
  if (HARMLESS.has(what) || (what === "kill" && action.node === "etcd")) return "harmless";
  if (COMMANDS.has(what)) return "command";
  return isSurvived(happening, sketch) ? "survived" : "trouble";
}

interface Stretch {
  readonly fromUs: number;
  /** Undefined: it goes on to the next one. */
  readonly state: "quiet" | "commanded" | "survived" | "trouble";
}

export class Calm {
  readonly #stretches: readonly Stretch[];
  /** The stretch that was asked for last: time goes on. */
  #at = 0;
  #isWeakened = false;

  constructor(happenings: readonly Happening[], sketch: Sketch) {
    this.#stretches = stretchesOf(happenings.filter(({ what }) => what === "fault"), sketch);
  }

  /** A command that would have brought somebody back was refused: with one less the cluster may have nobody left. */
  weaken(): void {
    this.#isWeakened = true;
  }

  /** Whoever asks between these times is served. */
  isCalm(fromUs: number, untilUs: number): boolean {
    return this.#holds(
      fromUs,
      untilUs,
      (state) => state !== "trouble" && !(this.#isWeakened && state === "survived"),
    );
  }

  /** Nothing at all is broken, and nobody has taken anything out of service. */
  isQuiet(atUs: number): boolean {
    return this.#holds(atUs, atUs, (state) => state === "quiet");
  }

  #holds(fromUs: number, untilUs: number, isRight: (state: Stretch["state"]) => boolean): boolean {
    const all = this.#stretches;
    while (this.#at > 0 && all[this.#at]!.fromUs > fromUs) this.#at--;
    while (this.#at + 1 < all.length && all[this.#at + 1]!.fromUs <= fromUs) this.#at++;
    for (let at = this.#at; at < all.length && all[at]!.fromUs <= untilUs; at++) {
      if (!isRight(all[at]!.state)) return false;
    }
    return true;
  }
}

function stretchesOf(faults: readonly Happening[], sketch: Sketch): Stretch[] {
  const changes = faults.flatMap((fault) => {
    const kind = kindOf(fault, sketch);
    if (kind === "harmless") return [];
    return [
      { atUs: fault.steps[0]!.atUs, kind, more: 1 },
      { atUs: fault.steps.at(-1)!.atUs, kind, more: -1 },
    ];
  }).sort((one, other) => one.atUs - other.atUs);
  const counts = { command: 0, survived: 0, trouble: 0 };
  const stretches: Stretch[] = [{ fromUs: 0, state: "trouble" }, { fromUs: START_US, state: "quiet" }];
  for (const { atUs, kind, more } of changes) {
    counts[kind as keyof typeof counts] += more;
    const { command, survived, trouble } = counts;
    const isCalm = trouble === 0 && (survived === 0 || (survived === 1 && command === 0));
    const state = !isCalm ? "trouble" : survived > 0 ? "survived" : command > 0 ? "commanded" : "quiet";
    while (stretches.length > 0 && stretches.at(-1)!.fromUs >= atUs) stretches.pop();
    // Of commands those who are asked notice nothing, but a backend may be away for a while.
    const before = stretches.at(-1)?.state ?? "trouble";
    const meanwhile = kind === "command" && isCalm && before !== "trouble" ? "commanded" : "trouble";
    stretches.push({ fromUs: atUs, state: meanwhile });
    stretches.push({ fromUs: atUs + SETTLE_US, state });
  }
  return stretches;
}
