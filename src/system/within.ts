import type { Clock } from "./clock.ts";

/** What `promise` resolves with. Throws an error that says this when it takes longer. */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>, error: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.after(ms, () => reject(new Error(error)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.cancel();
  }
}
