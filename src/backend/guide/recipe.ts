/** The form of a recipe: how a machine of one system becomes a backend. */

/** How sure a step is: tried here, taken from the named text, or general knowledge. */
export type Basis = "tried" | "unconfirmed" | { readonly from: string };

/**
 * Commands hold CLUSTER where the cluster address goes. Other words in capitals are for a person to fill in. `lines` are commands
 * that are the same for both families.
 */
export interface Step {
  readonly title: "silence" | "alias" | "extra route" | "persistence" | "undo";
  readonly ipv4?: readonly string[];
  readonly ipv6?: readonly string[];
  readonly lines?: readonly string[];
  readonly note?: string;
  readonly basis: Basis;
}

export interface Method {
  readonly name: string;
  /** What it costs, and what it cannot do. */
  readonly cost: string;
  readonly steps: readonly Step[];
}

/** The documents that steps are from. */
export const IBM = { from: "IBM Load Balancer 7.0 to 9.0, aliasing the loopback device" };
export const IBM_ROUTE = { from: "IBM Load Balancer 7.0, checking for an extra route" };
export const LVS_HOWTO = { from: "LVS-HOWTO, non-Linux realservers" };

/** Finds the extra route on any system. */
export const ROUTE_CHECK = "netstat -nr | oneip backend check --routes - --cluster CLUSTER";
