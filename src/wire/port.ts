/** A service port as text, such as `80/tcp`. */

export interface Port {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
}

/** Text such as `80/tcp`, port 1 to 65535; undefined where it is none. */
export function parsePort(text: string): Port | undefined {
  const [, digits, protocol] = /^(\d{1,5})\/(tcp|udp)$/.exec(text) ?? [];
  const port = Number(digits);
  return protocol === undefined || port < 1 || port > 65_535
    ? undefined
    : { port, protocol: protocol as Port["protocol"] };
}

export function formatPort({ port, protocol }: Port): string {
  return `${port}/${protocol}`;
}
