/* send_frames INTERFACE SECONDS LENGTH: sends frames as fast as the kernel takes them, 64 a system call, and
 * prints how many it took. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64u

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    static const uint8_t header[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
    static uint8_t frame[1514];
    static struct mmsghdr messages[BATCH];
    if (argc != 4)
        return 2;
    struct iovec data = {frame, strtoul(argv[3], NULL, 10)};
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(argv[1])};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (data.iov_len > sizeof frame || fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return perror(argv[1]), 1;
    memcpy(frame, header, sizeof header);
    for (unsigned i = 0; i < BATCH; i++)
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &data, .msg_iovlen = 1};
    unsigned long sent = 0;
    for (double end = now() + strtod(argv[2], NULL); now() < end;) {
        int n = sendmmsg(fd, messages, BATCH, MSG_DONTWAIT);
        if (n > 0)
            sent += (unsigned)n;
        else if (errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 10);
        else if (errno != ENOBUFS)
            return perror("sendmmsg"), 1;
    }
    printf("%lu\n", sent);
    return 0;
}
