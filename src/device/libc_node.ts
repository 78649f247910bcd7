/** libc by koffi, which brings its binary along: nothing is compiled. */

import koffi from "koffi";
import { type Libc, LIBC_PATHS, SYS_BPF } from "./libc_interface.ts";

export function openLibc(): Libc {
  const library = open();
  // memcpy returns where it copied to.
  const memcpy = library.func("uintptr_t memcpy(void *to, const void *from, size_t length)");
  const syscall = library.func(
    "int syscall(intptr_t number, int command, void *attributes, uint32_t length)",
  );
  const ppoll = library.func("int ppoll(void *fds, uint32_t count, const void *timeout, const void *mask)");
  return {
    ffi: "koffi",
    runtime: `Node ${process.versions.node}`,
    errno: () => koffi.errno(),
    open: library.func("int open(const void *path, int flags)"),
    close: library.func("int close(int fd)"),
    readlink: library.func("int readlink(const void *path, void *into, uint32_t length)"),
    read: library.func("int read(int fd, void *into, uint32_t length)"),
    write: library.func("int write(int fd, const void *from, uint32_t length)"),
    poll: library.func("int poll(void *fds, uint32_t count, int timeout)"),
    ppoll: (fds, count, timeout) => ppoll(fds, count, timeout, null),
    ioctl: library.func("int ioctl(int fd, uint32_t request, void *argument)"),
    ioctlNumber: library.func("ioctl", "int", ["int", "uint32_t", "uint32_t"]),
    socket: library.func("int socket(int domain, int type, int protocol)"),
    bind: library.func("int bind(int fd, const void *address, uint32_t length)"),
    connect: library.func("int connect(int fd, const void *address, uint32_t length)"),
    setsockopt: library.func(
      "int setsockopt(int fd, int level, int name, const void *value, uint32_t length)",
    ),
    getsockopt: library.func(
      "int getsockopt(int fd, int level, int name, void *value, void *length)",
    ),
    sendmsg: library.func("int sendmsg(int fd, const void *message, int flags)"),
    recvmsg: library.func("int recvmsg(int fd, void *message, int flags)"),
    eventfd: library.func("int eventfd(uint32_t initial, int flags)"),
    setns: library.func("int setns(int fd, int kind)"),
    bpf: (command, attributes, length) => syscall(SYS_BPF, command, attributes, length),
    clock_gettime: library.func("int clock_gettime(int clock, void *into)"),
    prctl: library.func("prctl", "int", ["int", "uintptr_t", "uintptr_t", "uintptr_t", "uintptr_t"]),
    capget: library.func("int capget(void *header, void *data)"),
    capset: library.func("int capset(void *header, const void *data)"),
    geteuid: library.func("uint32_t geteuid()"),
    umask: library.func("uint32_t umask(uint32_t mask)"),
    setgroups: library.func("int setgroups(size_t count, const void *groups)"),
    setresgid: library.func("int setresgid(uint32_t real, uint32_t effective, uint32_t saved)"),
    setresuid: library.func("int setresuid(uint32_t real, uint32_t effective, uint32_t saved)"),
    getpriority: library.func("int getpriority(int which, uint32_t who)"),
    setpriority: library.func("int setpriority(int which, uint32_t who, int nice)"),
    waitpid: library.func("int waitpid(int pid, void *status, int options)"),
    addressOf: (octets) => BigInt(memcpy(octets, octets, 0)),
  } as Libc;
}

function open() {
  const failures: string[] = [];
  for (const path of LIBC_PATHS) {
    try {
      return koffi.load(path);
    } catch (error) {
      failures.push(`${path}: ${(error as Error).message}`);
    }
  }
  throw new Error(`Cannot open the C library; tried\n  ${failures.join("\n  ")}`);
}
