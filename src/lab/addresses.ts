/** The interfaces of a node and their addresses. */

export interface InterfaceAddress {
  readonly interface: string;
  /** With its prefix length, such as "10.0.0.1/24". */
  readonly address: string;
}

/** An interface as it is now. */
export interface InterfaceState {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  /** It is up, and so is the other end of its link. */
  readonly up: boolean;
  /** The bridge that it is a port of. */
  readonly bridge: string | null;
  /** With prefix lengths; without 127.0.0.1, ::1 and link-local ones, which every machine has. */
  readonly addresses: readonly string[];
}

interface Row {
  readonly ifname: string;
  readonly address?: string;
  readonly mtu?: number;
  readonly flags?: readonly string[];
  readonly master?: string;
  readonly addr_info: readonly {
    readonly local?: string;
    readonly prefixlen: number;
    readonly scope: string;
  }[];
}

/** From what `ip -j address show` prints. */
export function parseInterfaces(json: string): InterfaceState[] {
  return (JSON.parse(json) as Row[]).map(
    ({ ifname: name, address: mac = "", mtu = 0, flags = [], master: bridge = null, addr_info }) => ({
      name,
      mac,
      mtu,
      up: flags.includes("LOWER_UP"),
      bridge,
      addresses: addr_info.filter(({ local = "", scope }) => scope !== "link" && !/^(127\.|::1$)/.test(local))
        .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    }),
  );
}

/** The same, an entry for each address. */
export function parseAddresses(json: string): InterfaceAddress[] {
  return parseInterfaces(json).flatMap(({ name, addresses }) =>
    addresses.map((address) => ({ interface: name, address }))
  );
}
