/* provider vale|pipe [SECONDS [SLOTS]]: packets of 60 bytes (64 with their checksum) from one process to
 * another over the user-space provider. Prints millions a second, and ns a packet. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nmclick/netmap_request.h"
#include "ports/netmap/user_wire.h"

#define LENGTH 60
#define BURST 256u

struct shared {
    volatile bool stop;
    volatile uint64_t received, bytes;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct netmap_if *open_port(const char *name, uint32_t slots, int *fd)
{
    struct nmreq_register reg = {
        .nr_mode = NR_REG_ALL_NIC, .nr_tx_slots = slots, .nr_rx_slots = slots, .nr_flags = NM_USER_LAZY};
    struct nmreq_header header = {
        .nr_version = NETMAP_API, .nr_reqtype = NETMAP_REQ_REGISTER, .nr_body = (uintptr_t)&reg};
    snprintf(header.nr_name, sizeof header.nr_name, "%s", name);
    *fd = nm_user_calls.open();
    if (*fd < 0 || nm_user_calls.ioctl(*fd, NIOCCTRL, &header) < 0) {
        perror(name);
        exit(1);
    }
    char *memory = nm_user_calls.map(*fd, reg.nr_memsize);
    return (struct netmap_if *)(memory + reg.nr_offset);
}

static void fill(struct netmap_ring *ring)
{
    static const uint8_t header[14] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
    for (uint32_t i = 0; i < ring->num_slots; i++) {
        memcpy(netmap_buffer(ring, ring->slot[i].buf_idx), header, sizeof header);
        ring->slot[i].len = LENGTH;
    }
}

/* In bursts, as a pipeline does; sleeps when there is no room. */
static void send_packets(const char *name, uint32_t slots, struct shared *shared)
{
    int fd;
    struct netmap_ring *ring = netmap_tx_ring(open_port(name, slots, &fd), 0);
    const uint32_t n = ring->num_slots;
    fill(ring);
    while (!shared->stop) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        if (ring->head == ring->tail)
            nm_user_calls.poll(&ready, 1, 100);
        uint32_t head = ring->head, room = (ring->tail + n - head) % n;
        for (room = room < BURST ? room : BURST; room > 0; room--) {
            ring->slot[head].len = LENGTH;
            head = head + 1 == n ? 0 : head + 1;
        }
        ring->head = ring->cur = head;
        nm_user_calls.ioctl(fd, NIOCTXSYNC, NULL);
    }
}

static void receive_packets(const char *name, uint32_t slots, struct shared *shared)
{
    int fd;
    struct netmap_if *nifp = open_port(name, slots, &fd);
    struct netmap_ring *ring = netmap_rx_ring(nifp, 0), *tx = netmap_tx_ring(nifp, 0);
    const uint32_t n = ring->num_slots;
    /* So that the switch knows the station. */
    fill(tx);
    memcpy(netmap_buffer(tx, tx->slot[0].buf_idx), (uint8_t[]){2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 2}, 12);
    if (strncmp(name, "vale", 4) == 0)
        tx->head = tx->cur = 1;
    while (!shared->stop) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (ring->head == ring->tail)
            nm_user_calls.poll(&ready, 1, 100);
        uint32_t head = ring->head, tail = ring->tail;
        uint64_t got = 0, bytes = 0;
        for (; head != tail && got < BURST; got++) {
            bytes += ring->slot[head].len;
            bytes += netmap_buffer(ring, ring->slot[head].buf_idx)[0];
            head = head + 1 == n ? 0 : head + 1;
        }
        ring->head = ring->cur = head;
        nm_user_calls.ioctl(fd, NIOCRXSYNC, NULL);
        shared->received += got;
        shared->bytes += bytes;
    }
}

int main(int argc, char **argv)
{
    const bool pipe = argc > 1 && strcmp(argv[1], "pipe") == 0;
    const double seconds = argc > 2 ? atof(argv[2]) : 1;
    const uint32_t slots = argc > 3 ? (uint32_t)atoi(argv[3]) : 0;
    struct shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t receiver = fork();
    if (receiver == 0) {
        receive_packets(pipe ? "bench}1" : "vale0:b", slots, shared);
        _exit(0);
    }
    usleep(300000);
    pid_t sender = fork();
    if (sender == 0) {
        send_packets(pipe ? "bench{1" : "vale0:a", slots, shared);
        _exit(0);
    }
    usleep(200000);
    uint64_t packets = shared->received, began = now_ns();
    usleep((useconds_t)(seconds * 1e6));
    packets = shared->received - packets;
    double ns = (double)(now_ns() - began) / (double)packets;
    shared->stop = true;
    waitpid(sender, NULL, 0);
    waitpid(receiver, NULL, 0);
    printf("%.1f Mpps %.1f ns\n", 1e3 / ns, ns);
    return 0;
}
