/**
 * The C library, through whichever foreign-function interface this runtime has. The same signatures on both; sizes and
 * results are 32 bits wide, because 64-bit ones miss Deno's fast call (three times as slow, measured).
 *
 * Calls return what C returns: -1 on failure, and `errno()` says why if asked at once.
 */
export interface Libc {
  /** Which interface this is, for people: "Deno.dlopen" or "koffi". */
  readonly ffi: string;
  /** Name and version of the runtime, for people. */
  readonly runtime: string;
  errno(): number;
  /** `path` ends in a NUL. */
  open(path: Uint8Array, flags: number): number;
  close(fd: number): number;
  /** `path` ends in a NUL. How many octets of what the link says were put into `into`. */
  readlink(path: Uint8Array, into: Uint8Array, length: number): number;
  read(fd: number, into: Uint8Array, length: number): number;
  write(fd: number, from: Uint8Array, length: number): number;
  /** `fds` is an array of struct pollfd, 8 octets each. `timeoutMs` -1 waits for ever. */
  poll(fds: Uint8Array, count: number, timeoutMs: number): number;
  /** The same with a struct timespec. */
  ppoll(fds: Uint8Array, count: number, timeout: Uint8Array): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  /** An ioctl whose argument is a plain number. */
  ioctlNumber(fd: number, request: number, argument: number): number;
  socket(domain: number, type: number, protocol: number): number;
  /** `address` is a struct sockaddr of `length` octets. */
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  /** `length` is a socklen_t: how much `value` can hold, then how much is in it. */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array): number;
  /** `message` is a struct msghdr. */
  sendmsg(fd: number, message: Uint8Array, flags: number): number;
  recvmsg(fd: number, message: Uint8Array, flags: number): number;
  eventfd(initial: number, flags: number): number;
  /** Of the calling thread alone. */
  setns(fd: number, kind: number): number;
  /** The system call bpf(2), for which the C library has no function of its own. */
  bpf(command: number, attributes: Uint8Array, length: number): number;
  /** `into` is a struct timespec. */
  clock_gettime(clock: number, into: Uint8Array): number;
  /** The arguments are as wide as a pointer. */
  prctl(option: number, first: number, second: number, third: number, fourth: number): number;
  /** `header` is a struct __user_cap_header_struct, `data` two of __user_cap_data_struct. */
  capget(header: Uint8Array, data: Uint8Array): number;
  capset(header: Uint8Array, data: Uint8Array): number;
  geteuid(): number;
  /** The one before. */
  umask(mask: number): number;
  /** These three are of the whole process, all its threads. `groups` are 4 octets each. */
  setgroups(count: number, groups: Uint8Array): number;
  setresgid(real: number, effective: number, saved: number): number;
  setresuid(real: number, effective: number, saved: number): number;
  getpriority(which: number, who: number): number;
  setpriority(which: number, who: number, nice: number): number;
  /** `status` has room for an int. The id of a child that has ended, and 0 while those that are meant have not. */
  waitpid(pid: number, status: Uint8Array, options: number): number;
  /** Where these octets are, for a structure that points to them. They must stay referred to, and be in a buffer of their own. */
  addressOf(octets: Uint8Array): bigint;
}

/** The number of the system call bpf(2) on this machine. */
export const SYS_BPF = process.arch === "arm64" ? 280 : 321;

/** Where the C library may be. Deno's permission names one of these to the letter, so no symbolic links of ours. */
export const LIBC_PATHS = [
  "/lib/x86_64-linux-gnu/libc.so.6",
  "/lib/aarch64-linux-gnu/libc.so.6",
  "/lib64/libc.so.6",
  "/usr/lib/libc.so.6",
] as const;
