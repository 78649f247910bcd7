/**
 * What the registers and the stack hold while a frame is in hand.
 *
 *     r6     struct __sk_buff: what the kernel tells of the frame (include/uapi/linux/bpf.h)
 *     r7     the frame's first octet, of which HEADERS_IPV4 or HEADERS_IPV6 octets may be read
 *     r8     the cluster that it is for, in the plan
 *     r9     the client's hash, then the bucket, then its owner
 */

export const CONTEXT = "r6";
export const FRAME = "r7";
export const CLUSTER = "r8";
export const OWNER = "r9";

/** The end of the stack. */
export const STACK = "r10";
/** Places there: a key for a look-up; octets of the IP packet; where its upper layer begins; its protocol. */
export const KEY = -4;
export const TOTAL_LENGTH = -8;
export const UPPER = -12;
export const PROTOCOL = -16;

/** Fields of struct __sk_buff. */
export const LENGTH = 0;
export const VLAN_PRESENT = 20;
export const VLAN_TCI = 24;
export const VLAN_PROTO = 28;
export const IFINDEX = 40;
export const DATA = 76;
export const DATA_END = 80;
export const GSO_SIZE = 176;

/** Ethernet header, IP header and ports. */
export const HEADERS_IPV4 = 14 + 20 + 4;
export const HEADERS_IPV6 = 14 + 40 + 4;
