/** The addresses of a node. */

export interface InterfaceAddress {
  readonly interface: string;
  /** With its prefix length, such as "10.0.0.1/24". */
  readonly address: string;
}

interface Row {
  readonly ifname: string;
  readonly addr_info: readonly {
    readonly local?: string;
    readonly prefixlen: number;
    readonly scope: string;
  }[];
}

/** From what `ip -j address show` prints; without 127.0.0.1, ::1 and link-local addresses, which every machine has. */
export function parseAddresses(json: string): InterfaceAddress[] {
  return (JSON.parse(json) as Row[]).flatMap(({ ifname, addr_info }) =>
    addr_info.filter(({ local = "", scope }) => scope !== "link" && !/^(127\.|::1$)/.test(local)).map(
      ({ local, prefixlen }) => ({ interface: ifname, address: `${local}/${prefixlen}` }),
    )
  );
}
