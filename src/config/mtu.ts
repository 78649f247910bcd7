/** The smallest MTU that a link or a way with IPv6 may have, in octets: RFC 8200 section 5. */
export const LEAST_IPV6_MTU = 1280;
