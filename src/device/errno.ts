/** Error numbers of Linux (asm-generic/errno-base.h) that a TAP or the log can cause, and their words. */

export const EPERM = 1;
export const ENOENT = 2;
const EIO = 5;
export const E2BIG = 7;
export const EAGAIN = 11;
export const EACCES = 13;
export const EBUSY = 16;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENOTTY = 25;
export const ENOSPC = 28;
export const EPIPE = 32;
export const EOPNOTSUPP = 95;
const ENETDOWN = 100;
export const ECONNREFUSED = 111;
const EDQUOT = 122;

const NAMES: Record<number, string> = {
  [EPERM]: "EPERM: operation not permitted",
  [ENOENT]: "ENOENT: no such file or directory",
  [EIO]: "EIO: input/output error",
  [E2BIG]: "E2BIG: too big",
  [EAGAIN]: "EAGAIN: not now",
  [EACCES]: "EACCES: permission denied",
  [EBUSY]: "EBUSY: device or resource busy",
  [ENODEV]: "ENODEV: no such device",
  [EINVAL]: "EINVAL: invalid argument",
  [ENOTTY]: "ENOTTY: inappropriate ioctl for device",
  [ENOSPC]: "ENOSPC: no space left on device",
  [EPIPE]: "EPIPE: nobody reads it",
  [EOPNOTSUPP]: "EOPNOTSUPP: operation not supported",
  [ENETDOWN]: "ENETDOWN: the interface is down or gone",
  [EDQUOT]: "EDQUOT: disk quota exceeded",
};

/** An error number in words. */
export function describeErrno(errno: number): string {
  return NAMES[errno] ?? `error ${errno}`;
}
