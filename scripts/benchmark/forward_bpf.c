// The fast path as a C compiler makes it: the questions of src/kernel/program in the same order, over the same tables, whose places are
// given to it (kernel_object.ts). Attached like the fast path on the uplink, by forward_bpf.ts.
#include <linux/bpf.h>
#include <stddef.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define INLINE static inline __attribute__((always_inline))
#define AT(type, base, offset) (*(type *)((base) + (offset)))
#define BE16(value) __builtin_bswap16(value)
#define BE32(value) __builtin_bswap32(value)

static void *(*look_up)(void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static long (*redirect)(u32 ifindex, u64 flags) = (void *)BPF_FUNC_redirect;
static long (*pull_data)(struct __sk_buff *skb, u32 length) = (void *)BPF_FUNC_skb_pull_data;

// Maps. Of the first two the name is the value itself.
extern u8 plan[], held[];
extern u8 tables, dispatched, passed_up;

// In the order of src/kernel/program/passed_up.ts.
enum { CAPTURE, FRAME, PACKET, ELSEWHERE, ICMP, HOP_LIMIT, PORT, BROADCAST, UNSETTLED, TOO_BIG, NEIGHBOR, LOOP, DISPATCHED };
enum { IP = 14, UPPER4 = IP + 20, UPPER6 = IP + 40, PORTS = 4 };
enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_ICMPV6 = 58 };
// A cluster in the plan: src/kernel/program/places.ts.
enum { FIRST_BUCKET = 0, SHIFT = 4, HASH4 = 8, HASH6 = 12, MASK4 = 16, PORTS_AT = 20, INDEX = 24, MASK6 = 32, CLUSTER = 64 };
enum { WAYS = 4, CELL4 = 8, CELL6 = 24, PORT_OCTETS = 65536 / 8, IN_TRANSITION = 0x8000 };

// The compiler would take these words for numbers of 32 bits, and extend them; the verifier wants them as they are loaded.
INLINE u8 *data(struct __sk_buff *skb) {
  u8 *at;
  asm volatile("%0 = *(u32 *)(%1 + %2)" : "=r"(at) : "r"(skb), "i"(offsetof(struct __sk_buff, data)));
  return at;
}

INLINE u8 *data_end(struct __sk_buff *skb) {
  u8 *at;
  asm volatile("%0 = *(u32 *)(%1 + %2)" : "=r"(at) : "r"(skb), "i"(offsetof(struct __sk_buff, data_end)));
  return at;
}

INLINE u32 look4(u32 key) {
  u8 *cell = plan + (((u64)key * MULTIPLIER4) >> HOMES4) * (WAYS * CELL4);
#pragma unroll
  for (int way = 0; way < WAYS; way++, cell += CELL4) {
    u32 value = AT(u32, cell, 4);
    if (value == 0 || AT(u32, cell, 0) == key) return value;
  }
  return 0;
}

INLINE u32 look6(u64 first, u64 second) {
  u8 *cell = plan + ADDRESSES6 + (((first * MULTIPLIER6) ^ second) * MULTIPLIER6 >> HOMES6) * (WAYS * CELL6);
#pragma unroll
  for (int way = 0; way < WAYS; way++, cell += CELL6) {
    u32 value = AT(u32, cell, 16);
    if (value == 0 || (AT(u64, cell, 8) == second && AT(u64, cell, 0) == first)) return value;
  }
  return 0;
}

INLINE u32 rotated(u32 word, int by) { return word << by | word >> (32 - by); }

// __jhash_final of include/linux/jhash.h
INLINE u32 final(u32 a, u32 b, u32 c) {
  c = (c ^ b) - rotated(b, 14);
  a = (a ^ c) - rotated(c, 11);
  b = (b ^ a) - rotated(a, 25);
  c = (c ^ b) - rotated(b, 16);
  a = (a ^ c) - rotated(c, 4);
  b = (b ^ a) - rotated(a, 14);
  return (c ^ b) - rotated(b, 24);
}

INLINE u32 hash4(u8 *cluster, u8 *source) {
  u32 begin = AT(u32, cluster, HASH4);
  return final(begin + (AT(u32, source, 0) & AT(u32, cluster, MASK4)), begin, begin);
}

INLINE u32 hash6(u8 *cluster, u8 *source) {
  u32 a, b, c;
  a = b = c = AT(u32, cluster, HASH6);
  a += AT(u32, source, 0) & AT(u32, cluster, MASK6);
  b += AT(u32, source, 4) & AT(u32, cluster, MASK6 + 4);
  c += AT(u32, source, 8) & AT(u32, cluster, MASK6 + 8);
  a = (a - c) ^ rotated(c, 4), c += b;
  b = (b - a) ^ rotated(a, 6), a += c;
  c = (c - b) ^ rotated(b, 8), b += a;
  a = (a - c) ^ rotated(c, 16), c += b;
  b = (b - a) ^ rotated(a, 19), a += c;
  c = (c - b) ^ rotated(b, 4), b += a;
  return final(a + (AT(u32, source, 12) & AT(u32, cluster, MASK6 + 12)), b, c);
}

INLINE int is_open(u8 *cluster, u8 *frame, u32 upper, u32 protocol, u32 length) {
  u32 at = AT(u32, cluster, PORTS_AT);
  if (at == 0) return 1;
  if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP) return 0;
  if (length < upper - IP + PORTS) return 0;
  u32 port = BE16(AT(u16, frame, upper + 2));
  at += (protocol == PROTOCOL_UDP ? PORT_OCTETS : 0) + (port >> 3);
  return at < PLAN_LENGTH && plan[at] >> (port & 7) & 1;
}

// Do the packets fit that a super-frame will be cut into?
INLINE int fits_cut(struct __sk_buff *skb, u8 *frame, u32 upper, u32 protocol, u32 length, u32 mtu) {
  u32 headers = upper - IP;
  if (skb->gso_size == 0) return 0;
  if (protocol == PROTOCOL_UDP) {
    headers += 8;
  } else if (protocol == PROTOCOL_TCP) {
    if (length < headers + 20 || frame + upper + 13 > data_end(skb)) return 0;
    headers += frame[upper + 12] >> 4 << 2;
  } else {
    return 0;
  }
  return headers + skb->gso_size <= mtu;
}

// From the cluster and the client's hash on.
INLINE u32 dispatch(struct __sk_buff *skb, u8 *frame, u8 *cluster, u32 hash, u32 upper, u32 protocol, u32 length) {
  u64 bucket = (u64)(hash >> AT(u32, cluster, SHIFT)) + AT(u32, cluster, FIRST_BUCKET);
  if (bucket >= BUCKETS) return UNSETTLED;
  u32 zero = 0;
  void *inner = look_up(&tables, &zero);
  if (!inner) return UNSETTLED;
  u8 *table = look_up(inner, &zero);
  if (!table) return UNSETTLED;
  u32 index = AT(u32, cluster, INDEX);
  if (index >= CLUSTERS) return UNSETTLED;
  if (AT(u16, table, GROUPS + index * 2) != 0) return BROADCAST;
  u64 owner = AT(u16, table, OWNERS + bucket * 2);
  if (owner >= IN_TRANSITION || owner >= NEIGHBORS) return UNSETTLED;

  u32 mtu = AT(u32, plan, MTUS + owner * 4);
  if (length > mtu && !fits_cut(skb, frame, upper, protocol, length, mtu)) return TOO_BIG;

  int high = AT(int, table, MACS + owner * 8);
  u32 low = AT(u32, table, MACS + owner * 8 + 4);
  if (high < 0 || (high | low) == 0) return NEIGHBOR;
  u16 mac_high = BE16((u16)high);
  u32 mac_low = BE32(low);
  if (AT(u16, frame, 6) == mac_high && AT(u32, frame, 8) == mac_low) return LOOP;

  if (upper == UPPER4) {
    frame[IP + 8]--;
    u32 sum = BE16(AT(u16, frame, IP + 10)) + 0x0100;
    AT(u16, frame, IP + 10) = BE16((u16)(sum + (sum >= 0xffff)));
  } else {
    frame[IP + 7]--;
  }
  AT(u16, frame, 0) = mac_high;
  AT(u32, frame, 2) = mac_low;
  AT(u16, frame, 6) = OWN_MAC_HALF;
  AT(u32, frame, 8) = OWN_MAC_WORD;

  u32 key = owner;
  u64 *counts = look_up(&dispatched, &key);
  if (counts) {
    counts[0]++;
    counts[1] += skb->len + (skb->vlan_present ? 4 : 0);
  }
  return DISPATCHED;
}

INLINE u32 ipv4(struct __sk_buff *skb, u8 *frame) {
  if (frame + UPPER4 + PORTS > data_end(skb) || frame[IP] != 0x45) return PACKET;
  u32 length = BE16(AT(u16, frame, IP + 2));
  if (length < 20 || length > skb->len - IP) return PACKET;
  u64 sum = 0;
#pragma unroll
  for (int at = 0; at < 20; at += 4) sum += AT(u32, frame, IP + at);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  if (sum != 0xffff || AT(u16, frame, IP + 6) & BE16(0x3fff)) return PACKET;
  if (frame[IP + 8] <= 1) return HOP_LIMIT;
  u32 protocol = frame[IP + 9];
  if (protocol == PROTOCOL_ICMP) return ICMP;
  u8 first = frame[IP + 12];
  if (first == 0 || first == 127 || first >= 224) return PACKET;
  if (look4(AT(u32, frame, IP + 12)) != 0) return ELSEWHERE;
  u32 index = look4(AT(u32, frame, IP + 16)) - 1;
  if (index >= CLUSTERS) return ELSEWHERE;
  u8 *cluster = plan + CLUSTERS_AT + (u64)index * CLUSTER;
  if (!is_open(cluster, frame, UPPER4, protocol, length)) return PORT;
  return dispatch(skb, frame, cluster, hash4(cluster, frame + IP + 12), UPPER4, protocol, length);
}

INLINE u32 ipv6(struct __sk_buff *skb, u8 *frame) {
  if (frame + UPPER6 + PORTS > data_end(skb) || (frame[IP] & 0xf0) != 0x60) return PACKET;
  u32 length = BE16(AT(u16, frame, IP + 4)) + 40;
  if (length > skb->len - IP) return PACKET;
  u32 protocol = frame[IP + 6];
  if (protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 || protocol == 60) return PACKET;
  if (protocol == PROTOCOL_ICMPV6) return ICMP;
  if (frame[IP + 7] <= 1) return HOP_LIMIT;
  u64 source = AT(u64, frame, IP + 8);
  if (frame[IP + 8] == 0xff || source == 0) return PACKET;
  if (look6(source, AT(u64, frame, IP + 16)) != 0) return ELSEWHERE;
  u32 index = look6(AT(u64, frame, IP + 24), AT(u64, frame, IP + 32)) - 1;
  if (index >= CLUSTERS) return ELSEWHERE;
  u8 *cluster = plan + CLUSTERS_AT + (u64)index * CLUSTER;
  if (!is_open(cluster, frame, UPPER6, protocol, length)) return PORT;
  return dispatch(skb, frame, cluster, hash6(cluster, frame + IP + 8), UPPER6, protocol, length);
}

INLINE u32 judge(struct __sk_buff *skb) {
  if (AT(u32, held, 0) != 0) return CAPTURE;
  u8 *frame = data(skb);
  if (frame + UPPER6 + PORTS > data_end(skb)) {
    pull_data(skb, skb->len <= UPPER6 + PORTS ? skb->len : UPPER6 + PORTS);
    frame = data(skb);
    if (frame + IP > data_end(skb)) return FRAME;
  }
  if (AT(u16, frame, 0) != OWN_MAC_HALF || AT(u32, frame, 2) != OWN_MAC_WORD) return FRAME;
  if (frame[6] & 1) return FRAME;
  if (AT(u16, frame, 6) == OWN_MAC_HALF && AT(u32, frame, 8) == OWN_MAC_WORD) return FRAME;
  if (skb->vlan_present && (skb->vlan_proto != BE16(0x8100) || skb->vlan_tci & 0x0fff)) return FRAME;
  u16 type = AT(u16, frame, 12);
  if (type == BE16(0x0800)) return ipv4(skb, frame);
  if (type == BE16(0x86dd)) return ipv6(skb, frame);
  return FRAME;
}

__attribute__((section("program"))) int forward(struct __sk_buff *skb) {
  u32 reason = judge(skb);
  if (reason == DISPATCHED) return redirect(skb->ifindex, 0);
  u64 *count = look_up(&passed_up, &reason);
  if (count) ++*count;
  return -1; // TCX_NEXT
}
