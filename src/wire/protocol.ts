/** Protocol numbers, as IANA assigns them: IPv4's field Protocol and IPv6's field Next Header share one list. */

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const ICMPV6 = 58;
export const VRRP = 112;

// Only IPv6 has these: its extension headers (RFC 8200 section 4, RFC 4302), and nothing at all (RFC 8200 section 4.7).
export const HOP_BY_HOP = 0;
export const ROUTING = 43;
export const FRAGMENT = 44;
export const AUTHENTICATION = 51;
export const NO_NEXT_HEADER = 59;
export const DESTINATION_OPTIONS = 60;
