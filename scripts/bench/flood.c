// Sends UDP frames of a given length to the cluster address, of either family, from 4,096 client addresses in turn, until it is
// killed.
//
//     flood INTERFACE DST_MAC CLUSTER_ADDRESS FRAME_LENGTH FRAMES_PER_SECOND      0: as many as it can
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, CLIENTS = 4096 };

static uint16_t header_checksum(const uint8_t *ip) {
  uint32_t sum = 0;
  for (int at = 0; at < 20; at += 2) sum += ip[at] << 8 | ip[at + 1];
  sum = (sum >> 16) + (sum & 0xffff);
  return ~(sum + (sum >> 16));
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  int length = atoi(argv[4]);
  long rate = atol(argv[5]);
  int v6 = strchr(argv[3], ':') != NULL;
  static uint8_t frames[BATCH][1514];
  struct iovec parts[BATCH];
  struct mmsghdr messages[BATCH] = {0};
  for (int index = 0; index < BATCH; index++) {
    uint8_t *frame = frames[index], *ip = frame + 14, *udp = ip + 20;
    sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", frame, frame + 1, frame + 2, frame + 3, frame + 4, frame + 5);
    memcpy(frame + 6, "\x02\x00\x00\x00\x00\x77", 6);
    if (v6) {
      memcpy(frame + 12, "\x86\xdd\x60", 3);
      ip[4] = (length - 54) >> 8;
      ip[5] = length - 54;
      memcpy(ip + 6, "\x11\x40\x20\x01\x0d\xb8\x00\x51", 8);
      inet_pton(AF_INET6, argv[3], ip + 24);
      memcpy(ip + 40, "\x9c\x40\x00\x35", 4);
      ip[44] = ip[4], ip[45] = ip[5];
      parts[index] = (struct iovec){frame, length};
      messages[index].msg_hdr = (struct msghdr){.msg_iov = &parts[index], .msg_iovlen = 1};
      continue;
    }
    memcpy(frame + 12, "\x08\x00", 2);
    memcpy(ip, "\x45\x00\x00\x00\x00\x00\x40\x00\x40\x11\x00\x00\xc6\x12", 14);
    ip[2] = (length - 14) >> 8;
    ip[3] = length - 14;
    inet_pton(AF_INET, argv[3], ip + 16);
    memcpy(udp, "\x9c\x40\x00\x35", 4);
    udp[4] = (length - 34) >> 8;
    udp[5] = length - 34;
    parts[index] = (struct iovec){frame, length};
    messages[index].msg_hdr = (struct msghdr){.msg_iov = &parts[index], .msg_iovlen = 1};
  }
  int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1;
  setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = if_nametoindex(argv[1])};
  if (bind(fd, (struct sockaddr *)&to, sizeof to) < 0) {
    perror("flood");
    return 1;
  }
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (uint32_t client = 0;;) {
    for (int index = 0; index < BATCH; index++, client = (client + 1) % CLIENTS) {
      uint8_t *ip = frames[index] + 14;
      if (v6) {
        ip[22] = client >> 8;
        ip[23] = client;
        continue;
      }
      ip[14] = client >> 8;
      ip[15] = client;
      ip[10] = ip[11] = 0;
      uint16_t sum = header_checksum(ip);
      ip[10] = sum >> 8;
      ip[11] = sum;
    }
    sendmmsg(fd, messages, BATCH, 0);
    if (rate == 0) continue;
    next.tv_nsec += BATCH * 1000000000L / rate;
    while (next.tv_nsec >= 1000000000L) next.tv_nsec -= 1000000000L, next.tv_sec++;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
  }
}
