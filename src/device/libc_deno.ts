/** libc by `Deno.dlopen`. Needs `--allow-ffi=PATH` with the path that is opened here, and no other permission. */

import { type Libc, LIBC_PATHS, SYS_BPF } from "./libc_interface.ts";

export function openLibc(): Libc {
  const { symbols } = open();
  const location = new BigUint64Array(1);
  const number = new Int32Array(1);
  return {
    ffi: "Deno.dlopen",
    runtime: `Deno ${Deno.version.deno}`,
    errno() {
      // Reading through a pointer would need unlimited permission to call foreign code; memcpy does not.
      location[0] = symbols.__errno_location();
      symbols.copyFrom(number, location[0], 4n);
      return number[0]!;
    },
    open: (path, flags) => symbols.open(path, flags, 0),
    close: symbols.close,
    readlink: symbols.readlink,
    read: symbols.read,
    write: symbols.write,
    poll: symbols.poll,
    ppoll: (fds, count, timeout) => symbols.ppoll(fds, count, timeout, null),
    ioctl: symbols.ioctl,
    ioctlNumber: symbols.ioctlNumber,
    socket: symbols.socket,
    bind: symbols.bind,
    connect: symbols.connect,
    setsockopt: symbols.setsockopt,
    getsockopt: symbols.getsockopt,
    sendmsg: symbols.sendmsg,
    recvmsg: symbols.recvmsg,
    eventfd: symbols.eventfd,
    setns: symbols.setns,
    bpf: (command, attributes, length) => symbols.syscall(BigInt(SYS_BPF), command, attributes, length),
    clock_gettime: symbols.clock_gettime,
    prctl: (option, ...wide) =>
      symbols.prctl(option, ...wide.map(BigInt) as [bigint, bigint, bigint, bigint]),
    capget: symbols.capget,
    capset: symbols.capset,
    geteuid: symbols.geteuid,
    umask: symbols.umask,
    setgroups: (count, groups) => symbols.setgroups(BigInt(count), groups),
    setresgid: symbols.setresgid,
    setresuid: symbols.setresuid,
    getpriority: symbols.getpriority,
    setpriority: symbols.setpriority,
    waitpid: symbols.waitpid,
    // So would asking for a pointer; memcpy returns where it copied to.
    addressOf: (octets) => symbols.copyTo(octets, octets, 0n),
  } as Libc;
}

function open() {
  const failures: string[] = [];
  for (const path of LIBC_PATHS) {
    try {
      return Deno.dlopen(path, {
        open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
        close: { parameters: ["i32"], result: "i32" },
        readlink: { parameters: ["buffer", "buffer", "u32"], result: "i32" },
        read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
        write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
        poll: { parameters: ["buffer", "u32", "i32"], result: "i32" },
        ppoll: { parameters: ["buffer", "u32", "buffer", "buffer"], result: "i32" },
        ioctl: { parameters: ["i32", "u32", "buffer"], result: "i32" },
        ioctlNumber: { name: "ioctl", parameters: ["i32", "u32", "u32"], result: "i32" },
        socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
        bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
        connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
        setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
        getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
        sendmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
        recvmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
        eventfd: { parameters: ["u32", "i32"], result: "i32" },
        setns: { parameters: ["i32", "i32"], result: "i32" },
        syscall: { parameters: ["usize", "i32", "buffer", "u32"], result: "i32" },
        clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
        prctl: { parameters: ["i32", "usize", "usize", "usize", "usize"], result: "i32" },
        capget: { parameters: ["buffer", "buffer"], result: "i32" },
        capset: { parameters: ["buffer", "buffer"], result: "i32" },
        geteuid: { parameters: [], result: "u32" },
        umask: { parameters: ["u32"], result: "u32" },
        setgroups: { parameters: ["usize", "buffer"], result: "i32" },
        setresgid: { parameters: ["u32", "u32", "u32"], result: "i32" },
        setresuid: { parameters: ["u32", "u32", "u32"], result: "i32" },
        getpriority: { parameters: ["i32", "u32"], result: "i32" },
        setpriority: { parameters: ["i32", "u32", "i32"], result: "i32" },
        waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
        copyFrom: { name: "memcpy", parameters: ["buffer", "usize", "usize"], result: "pointer" },
        copyTo: { name: "memcpy", parameters: ["buffer", "buffer", "usize"], result: "usize" },
        __errno_location: { parameters: [], result: "usize" },
      });
    } catch (error) {
      failures.push(`${path}: ${(error as Error).message}`);
    }
  }
  throw new Error(
    `Cannot open the C library; allow one of these with --allow-ffi=PATH:\n  ${failures.join("\n  ")}`,
  );
}
