/** Error numbers of Linux (asm-generic/errno-base.h) that a TAP can cause, and their words. */

export const EPERM = 1;
export const ENOENT = 2;
export const EACCES = 13;
export const EBUSY = 16;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENOTTY = 25;
export const EOPNOTSUPP = 95;

const NAMES: Record<number, string> = {
  [EPERM]: "EPERM: operation not permitted",
  [ENOENT]: "ENOENT: no such file or directory",
  [EACCES]: "EACCES: permission denied",
  [EBUSY]: "EBUSY: device or resource busy",
  [ENODEV]: "ENODEV: no such device",
  [EINVAL]: "EINVAL: invalid argument",
  [ENOTTY]: "ENOTTY: inappropriate ioctl for device",
  [EOPNOTSUPP]: "EOPNOTSUPP: operation not supported",
};

/** An error number in words. */
export function describeErrno(errno: number): string {
  return NAMES[errno] ?? `error ${errno}`;
}
