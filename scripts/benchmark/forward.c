// The limit to compare with: a TAP forwarder that does nothing but what must be done to a frame. It reads, takes one from the
// TTL with an incremental checksum or from the hop limit, rewrites both MACs and writes. No validation, no hash, no counters.
//
//     forward TAP OWN_MAC BACKEND_MAC [--header]      --header: each frame has a virtio header in front, which stays with it
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { HEADER = 10 }; // struct virtio_net_hdr

static void parse_mac(const char *text, uint8_t mac[6]) {
  if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6) exit(2);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int header = argc > 4 ? HEADER : 0;
  uint8_t own[6], backend[6], buffer[2048], *frame = buffer + header;
  parse_mac(argv[2], own);
  parse_mac(argv[3], backend);
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | (header ? IFF_VNET_HDR : 0)};
  strncpy(request.ifr_name, argv[1], IFNAMSIZ - 1);
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0) {
    perror("forward");
    return 1;
  }
  struct pollfd waiting = {.fd = tap, .events = POLLIN};
  for (;;) {
    poll(&waiting, 1, -1);
    ssize_t length;
    while ((length = read(tap, buffer, sizeof buffer)) > 0) {
      if (length < header + 34 || memcmp(frame, own, 6) != 0) continue;
      if (frame[12] == 0x08 && frame[13] == 0x00) {
        frame[22]--;
        uint32_t sum = (frame[24] << 8 | frame[25]) + 0x0100;
        sum += sum >= 0xffff;
        frame[24] = sum >> 8;
        frame[25] = sum;
      } else if (frame[12] == 0x86 && frame[13] == 0xdd) {
        frame[21]--;
      } else {
        continue;
      }
      memcpy(frame, backend, 6);
      memcpy(frame + 6, own, 6);
      if (write(tap, buffer, length) < 0) perror("write");
    }
  }
}
