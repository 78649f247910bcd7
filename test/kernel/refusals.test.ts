import { readdirSync, readlinkSync } from "node:fs";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as ebpf from "../../src/device/ebpf.ts";
import { libc } from "../../src/device/libc.ts";
import { FastPathCounts } from "../../src/kernel/counts.ts";
import { FastPath } from "../../src/kernel/fast_path.ts";
import { program } from "../../src/kernel/program/program.ts";
import { needsRoot } from "../needs.ts";
import { SCENES } from "./scenes.ts";

const [MAP_CREATE, PROG_LOAD, LINK_CREATE] = [0, 5, 28];
const ERRNOS = { EPERM: 1, E2BIG: 7, EAGAIN: 11, EINVAL: 22, ENOSPC: 28 } as const;

function made(): FastPath {
  const { plan, size, attachedTo } = SCENES["plain"]!();
  return new FastPath(plan, size, attachedTo);
}

function errorOf(what: () => unknown): ebpf.BpfError {
  try {
    what();
  } catch (error) {
    return error as ebpf.BpfError;
  }
  throw new Error("it did not throw");
}

/** Programs, maps and links that this process has. */
function descriptors(): string[] {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // Closed meanwhile.
    }
  });
  return links.filter((link) => link.startsWith("anon_inode:bpf"));
}

describe("a kernel that refuses", () => {
  /** What was asked for, one command after the other; which of these is refused from then on, and how. */
  let commands: number[] = [];
  let refused = -1;
  let errno = 0;
  /** How often yet. */
  let refusals = 0;
  const open = new Set<number>();

  const refuse = (command: number, as: number, times = Infinity) => {
    commands = [];
    refused = command;
    errno = as;
    refusals = times;
  };

  beforeEach(() => {
    refuse(-1, 0, 0);
    open.clear();
    const { close } = libc;
    vi.spyOn(libc, "bpf").mockImplementation((command) => {
      const isRefused = refused === commands.length || (command === commands[refused] && refusals > 0);
      commands.push(command);
      if (isRefused && refusals-- > 0) return -1;
      if (![MAP_CREATE, PROG_LOAD, LINK_CREATE].includes(command)) return 0;
      const descriptor = 1_000_000 + commands.length;
      open.add(descriptor);
      return descriptor;
    });
    vi.spyOn(libc, "errno").mockImplementation(() => errno);
    vi.spyOn(libc, "close").mockImplementation((fd) => open.delete(fd) ? 0 : fd < 1_000_000 ? close(fd) : -1);
  });
  afterEach(() => void vi.restoreAllMocks());

  test("all that is made is given back", () => {
    const fastPath = made();
    fastPath.attach(7);
    expect(open.size).toBeGreaterThan(7);
    fastPath.close();
    fastPath.close();
    expect(open.size).toBe(0);
  });

  describe.each(Object.entries(ERRNOS))("with %s", (name, number) => {
    test("whatever it is that is made at the start", () => {
      made().close();
      const asked = commands.length;
      for (let nth = 0; nth < asked; nth++) {
        refuse(nth, number);
        const error = errorOf(made);
        expect(error).toBeInstanceOf(ebpf.BpfError);
        expect(error.errno).toBe(number);
        expect(error.message).toMatch(
          new RegExp(`^The kernel refuses to (make|write|freeze|load) .*: ${name}: [a-z ]+$`),
        );
        expect(open.size).toBe(0);
      }
    });

    test("to attach it: it is not, and can be attached later", () => {
      const fastPath = made();
      refuse(0, number, 1);
      expect(errorOf(() => fastPath.attach(7)).message).toMatch(
        new RegExp(`^The kernel refuses to attach the program to the interface: ${name}`),
      );
      expect(fastPath.isAttached).toBe(false);
      fastPath.attach(7);
      expect(fastPath.isAttached).toBe(true);
      fastPath.close();
      expect(open.size).toBe(0);
    });

    test("to replace it: the one before stays", () => {
      const [before, after] = [made(), made()];
      before.attach(7);
      refuse(0, number);
      expect(() => after.replace(before)).toThrow(ebpf.BpfError);
      expect([before.isAttached, after.isAttached]).toEqual([true, false]);
      after.close();
      expect(before.isAttached).toBe(true);
      before.close();
      expect(open.size).toBe(0);
    });

    test("a table, a hold, and the counts: no more than that", () => {
      const fastPath = made();
      const { table, size } = SCENES["plain"]!();
      for (const nth of [0, 1]) {
        refuse(nth, number, 1);
        expect(() => fastPath.publish(table)).toThrow(ebpf.BpfError);
      }
      refuse(0, number, 1);
      expect(() => fastPath.hold(true)).toThrow(ebpf.BpfError);
      refuse(0, number, 1);
      expect(() => fastPath.count(new FastPathCounts(size))).toThrow(ebpf.BpfError);
      fastPath.publish(table);
      fastPath.close();
      expect(open.size).toBe(0);
    });
  });

  test("a signal that interrupts the check of the program is no refusal, unless there is always one", () => {
    made().close();
    const load = commands.indexOf(PROG_LOAD);
    refuse(load, ERRNOS.EAGAIN, 4);
    made().close();
    expect(commands.filter((command) => command === PROG_LOAD).length).toBe(5);
    refuse(load, ERRNOS.EAGAIN, 5);
    // For what it says it is asked once more, and then it loads.
    made().close();
    refuse(load, ERRNOS.EAGAIN);
    expect(errorOf(made).errno).toBe(ERRNOS.EAGAIN);
    expect(open.size).toBe(0);
  });

  test("a machine that does not say how many CPUs it has", () => {
    vi.spyOn(libc, "open").mockReturnValue(-1);
    expect(made).toThrow("/sys/devices/system/cpu/possible cannot be read");
    expect(commands).toEqual([]);
  });
});

describe.skipIf(needsRoot())("this kernel", () => {
  let before: string[] = [];
  beforeEach(() => void (before = descriptors()));
  afterEach(() => expect(descriptors()).toEqual(before));

  test("says in a few words what is wrong with a program", () => {
    const { plan, size, attachedTo } = SCENES["plain"]!();
    // The end of the packet is never asked for.
    const error = errorOf(() =>
      new FastPath(
        plan,
        size,
        attachedTo,
        (...where) =>
          program(...where).filter((item) => !("code" in item) || !item.text.startsWith("if r3 >")),
      )
    );
    expect(error.message).toMatch(
      /^The kernel refuses to load the program: EACCES: permission denied; \d+: .*invalid access to packet, off=\d+ size=\d/,
    );
    expect(error.message.length).toBeLessThan(500);
    expect(error.message).not.toMatch(/\n|processed|verification/);
  });

  test("takes no program of more than a million instructions", () => {
    const octets = new Uint8Array(new ArrayBuffer(8 * 1_000_001));
    const error = errorOf(() => ebpf.loadProgram(ebpf.SCHED_CLS, octets));
    expect(error.message).toBe("The kernel refuses to load the program: E2BIG: too big");
  });

  test("attaches nothing to an interface that is gone", () => {
    const fastPath = made();
    expect(descriptors().length).toBe(before.length + 9);
    expect(errorOf(() => fastPath.attach(0x7ffffffe)).message).toMatch(/interface: ENODEV: no such device$/);
    expect(fastPath.isAttached).toBe(false);
    fastPath.close();
  });

  test("loads it for whoever has CAP_BPF and CAP_NET_ADMIN, and for nobody else", async () => {
    const worker = new Worker(new URL("./capabilities_probe.ts", import.meta.url));
    const [told] = await once(worker, "message") as [Record<string, string>];
    await once(worker, "exit");
    expect(told).toEqual({
      ...Object.fromEntries(Object.keys(SCENES).map((name) => [name, "loaded"])),
      "as large as a configuration may be": "loaded",
      "without CAP_NET_ADMIN": "The kernel refuses to load the program: EPERM: operation not permitted",
      "without any": "The kernel refuses to make the map oneip_table: EPERM: operation not permitted",
    });
  });
});
