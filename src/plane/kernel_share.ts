/**
 * The kernel's share of the data plane: the fast path (kernel/), from the start of a dispatcher to its end. It follows the same tables as
 * the workers, before they do: so when a bucket goes into transition no frame of it passes the worker by that begins to remember.
 */

import { BpfError } from "../device/ebpf.ts";
import { E2BIG, EINVAL, ENODEV, ENOSPC, EPERM } from "../device/errno.ts";
import * as ifreq from "../device/ifreq.ts";
import { TapError } from "../device/tap_error.ts";
import { FastPath } from "../kernel/fast_path.ts";
import type { Plan } from "../path/plan.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import type { FastPathSetting, FastPathStatus } from "./fast_path_status.ts";
import type { SharedState } from "./shared_state.ts";

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export class KernelShare {
  readonly #tap: string;
  #setting: FastPathSetting = "off";
  #fastPath: FastPath | undefined;
  #shared: SharedState | undefined;
  #why = "it has not begun";
  #isHeld = false;
  /** Of the interface that it is attached to. */
  #index = 0;

  /** `tap`: the TAP's name. */
  constructor(tap: string) {
    this.#tap = tap;
  }

  get status(): FastPathStatus {
    const [name, index] = [this.#interface, this.#index];
    if (this.#fastPath?.isAttached !== true) return { interface: null, why: this.#why };
    // The TAP is there as long as the dispatcher.
    if (typeof this.#setting === "string" || ifreq.index(name) === index) {
      return { interface: name, why: null };
    }
    const why =
      `interface "${name}" was taken away, and the program with it; set dispatcher.fastPath to off, then back`;
    return { interface: null, why };
  }

  /** Stands ready by this plan and the table that is in use. One that is at work goes on by them, or ends. */
  start(setting: FastPathSetting, plan: Plan, shared: SharedState): void {
    const [before, sharedBefore, interfaceBefore] = [this.#fastPath, this.#shared, this.#interface];
    this.#setting = setting;
    this.#shared = shared;
    this.#fastPath = setting === "off" ? undefined : this.#made(plan, shared);
    if (setting === "off") this.#why = "dispatcher.fastPath is off";
    if (before === undefined) return;
    if (before.isAttached) {
      if (this.#interface === interfaceBefore) this.#replace(before);
      else this.attach();
    }
    before.detach();
    before.count(sharedBefore!.fastPath);
    before.close();
  }

  /** Frames meet it from now on. Idempotent. */
  attach(): void {
    const fastPath = this.#fastPath;
    if (fastPath === undefined || fastPath.isAttached) return;
    try {
      const index = ifreq.index(this.#interface);
      if (index === 0) throw new TapError(`there is no interface "${this.#interface}"`);
      fastPath.attach(index);
      this.#index = index;
    } catch (error) {
      fastPath.close();
      this.#fastPath = undefined;
      this.#why = whyOf(error);
    }
  }

  /** From now on frames go by this table, which belongs to these workers. What cannot follow it ends: better none than an old one. */
  publish(shared: SharedState, table: ForwardingTable): void {
    if (shared !== this.#shared) return;
    try {
      this.#fastPath?.publish(table);
    } catch (error) {
      this.stop();
      this.#why = whyOf(error);
    }
  }

  /** While somebody wants to see all frames the workers have them. */
  hold(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.#fastPath?.hold(isHeld);
  }

  /** Brings what it has counted to the shared state. */
  count(): void {
    if (this.#shared !== undefined) this.#fastPath?.count(this.#shared.fastPath);
  }

  /** It ends; its last counts are brought. Idempotent. */
  stop(): void {
    this.#fastPath?.detach();
    this.count();
    this.#fastPath?.close();
    this.#fastPath = undefined;
    this.#why = "it has ended";
  }

  #replace(before: FastPath): void {
    try {
      this.#fastPath?.replace(before);
    } catch {
      // The link of an interface that was taken away is of no use, even when there is another one of that name.
      this.attach();
    }
  }

  get #interface(): string {
    return typeof this.#setting === "string" ? this.#tap : this.#setting.interface;
  }

  #made(plan: Plan, shared: SharedState): FastPath | undefined {
    let made: FastPath | undefined;
    try {
      if (!LITTLE_ENDIAN) throw new TapError("this machine is big-endian, for which there is none");
      made = new FastPath(plan, shared.dimensions, typeof this.#setting === "string" ? "tap" : "uplink");
      made.publish(shared.table);
      made.hold(this.#isHeld);
      return made;
    } catch (error) {
      made?.close();
      this.#why = whyOf(error);
      return undefined;
    }
  }
}

/** And what would help. */
function whyOf(error: unknown): string {
  if (!(error instanceof BpfError)) return (error as Error).message;
  const remedy = REMEDIES[error.errno];
  return remedy === undefined ? error.message : `${error.message}; ${remedy}`;
}

const REMEDIES: Readonly<Record<number, string>> = {
  [EPERM]: "it takes CAP_BPF and CAP_NET_ADMIN",
  [EINVAL]: "it takes Linux 6.6 or newer, with CONFIG_BPF_JIT",
  [E2BIG]: "it takes Linux 6.6 or newer",
  [ENODEV]: "the interface is gone",
  [ENOSPC]: "other programs have taken all places on the interface; see bpftool net",
};
