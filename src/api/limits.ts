/** How much the API takes from others. */

export interface Limits {
  /** At once. Whoever comes then gets 429. */
  readonly connections: number;
  readonly bodyOctets: number;
  /** For a whole request, from its first octet, or from the connection's begin. */
  readonly sendMs: number;
}

export const LIMITS: Limits = { connections: 64, bodyOctets: 1 << 20, sendMs: 10_000 };
