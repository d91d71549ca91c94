/* AF_XDP sockets (Documentation/networking/af_xdp.rst of Linux): the region's buffers are the memory (UMEM)
 * that the kernel receives into and sends from. */
#define _GNU_SOURCE
#include "xdp.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#ifndef SOL_XDP
#define SOL_XDP 283
#endif
#define SEND_ROOM (8 << 20) /* more than all frames under way: a ring is never stopped by it */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct xdp_port *open_ports;

void xdp_publish(struct xdp_port *xdp)
{
    pthread_mutex_lock(&lock);
    xdp->next = open_ports;
    open_ports = xdp;
    pthread_mutex_unlock(&lock);
}

void xdp_withdraw(struct xdp_port *xdp)
{
    pthread_mutex_lock(&lock);
    for (struct xdp_port **at = &open_ports; *at; at = &(*at)->next) {
        if (*at == xdp) {
            *at = xdp->next;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
}

/* A socket that has this region registered already, of this mode; -1 if there is none. */
static int find_memory(const struct xdp_port *xdp, bool zero_copy)
{
    int fd = -1;
    pthread_mutex_lock(&lock);
    for (const struct xdp_port *at = open_ports; at && fd < 0; at = at->next)
        for (unsigned i = 0; at->region == xdp->region && i < at->n_queues && fd < 0; i++)
            if (at->queues[i].fd >= 0 && at->queues[i].zero_copy == zero_copy)
                fd = at->queues[i].fd;
    pthread_mutex_unlock(&lock);
    for (unsigned i = 0; i < xdp->n_queues && fd < 0; i++)
        if (xdp->queues[i].fd >= 0 && xdp->queues[i].zero_copy == zero_copy)
            fd = xdp->queues[i].fd;
    return fd;
}

static int register_memory(int fd, const struct xdp_port *xdp)
{
    const struct nm_region *region = xdp->region;
    size_t end = (size_t)region->n_buffers * region->buffer_size, page = (size_t)sysconf(_SC_PAGESIZE);
    struct xdp_umem_reg memory = {.addr = (uintptr_t)region->buffers,
                                  .len = (end + page - 1) & ~(page - 1),
                                  .chunk_size = xdp->chunk,
                                  .flags = XDP_UMEM_UNALIGNED_CHUNK_FLAG};
    return setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &memory, sizeof memory) < 0 ? -errno : 0;
}

static int map_ring(int fd, struct xdp_ring *ring, const struct xdp_ring_offset *offsets, uint64_t where,
                    uint32_t n_entries, size_t entry)
{
    ring->map_size = offsets->desc + n_entries * entry;
    uint8_t *map =
        mmap(NULL, ring->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)where);
    if (map == MAP_FAILED)
        return -errno;
    ring->map = map;
    ring->producer = (uint32_t *)(void *)(map + offsets->producer);
    ring->consumer = (uint32_t *)(void *)(map + offsets->consumer);
    ring->flags = (uint32_t *)(void *)(map + offsets->flags);
    ring->entries = map + offsets->desc;
    ring->mask = n_entries - 1;
    return 0;
}

static int map_rings(struct xdp_queue *queue, const struct xdp_wish *wish, uint32_t n)
{
    struct xdp_mmap_offsets offsets;
    socklen_t length = sizeof offsets;
    if (getsockopt(queue->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) < 0)
        return -errno;
    const size_t buffer = sizeof(uint64_t), frame = sizeof(struct xdp_desc);
    int err = map_ring(queue->fd, &queue->fill, &offsets.fr, XDP_UMEM_PGOFF_FILL_RING, n, buffer);
    if (!err)
        err = map_ring(queue->fd, &queue->completion, &offsets.cr, XDP_UMEM_PGOFF_COMPLETION_RING, n, buffer);
    if (!err && wish->read)
        err = map_ring(queue->fd, &queue->rx, &offsets.rx, XDP_PGOFF_RX_RING, n, frame);
    if (!err && wish->write)
        err = map_ring(queue->fd, &queue->tx, &offsets.tx, XDP_PGOFF_TX_RING, n, frame);
    return err;
}

static void unmap_ring(struct xdp_ring *ring)
{
    if (ring->map)
        munmap(ring->map, ring->map_size);
    *ring = (struct xdp_ring){0};
}

static void shut(struct xdp_queue *queue)
{
    unmap_ring(&queue->fill);
    unmap_ring(&queue->completion);
    unmap_ring(&queue->rx);
    unmap_ring(&queue->tx);
    if (queue->fd >= 0)
        close(queue->fd);
    queue->fd = -1;
}

/* Powers of two only. */
static uint32_t ring_size(uint32_t n_slots)
{
    uint32_t n = 1;
    while (n < n_slots)
        n *= 2;
    return n;
}

static int make_rings(struct xdp_queue *queue, const struct xdp_wish *wish)
{
    const int fd = queue->fd;
    uint32_t n = ring_size(wish->n_slots);
    int room = SEND_ROOM;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &n, sizeof n) < 0 ||
        setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &n, sizeof n) < 0 ||
        (wish->read && setsockopt(fd, SOL_XDP, XDP_RX_RING, &n, sizeof n) < 0) ||
        (wish->write && setsockopt(fd, SOL_XDP, XDP_TX_RING, &n, sizeof n) < 0))
        return -errno;
    return map_rings(queue, wish, n);
}

static const char opening[] = "cannot open an AF_XDP socket",
                  registering[] = "cannot register the packet buffers", mapping[] = "cannot make the rings",
                  binding[] = "cannot use the queue";

/* A socket on the queue, with the memory of the socket `shared` or (-1) registering it. `mode` is XDP_COPY or
 * XDP_ZEROCOPY; a shared memory brings its own. */
static int try_socket(const struct xdp_port *xdp, struct xdp_queue *queue, const struct xdp_wish *wish,
                      int shared, uint16_t mode, const char **step)
{
    struct sockaddr_xdp address = {.sxdp_family = AF_XDP,
                                   .sxdp_ifindex = (uint32_t)xdp->device.index,
                                   .sxdp_queue_id = queue->number,
                                   .sxdp_flags = mode | XDP_USE_NEED_WAKEUP};
    *step = opening;
    queue->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    int err = queue->fd < 0 ? -errno : 0;
    if (shared >= 0) {
        address.sxdp_flags = XDP_SHARED_UMEM;
        address.sxdp_shared_umem_fd = (uint32_t)shared;
    } else if (!err) {
        *step = registering;
        err = register_memory(queue->fd, xdp);
    }
    if (!err) {
        *step = mapping;
        err = make_rings(queue, wish);
    }
    if (!err) {
        *step = binding;
        err = bind(queue->fd, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
    }
    if (err)
        shut(queue);
    queue->zero_copy = mode == XDP_ZEROCOPY;
    return err;
}

static void say_failure(const struct xdp_port *xdp, const struct xdp_queue *queue, int err, const char *step,
                        const char *spec, char *error, size_t size)
{
    const struct nm_region *region = xdp->region;
    if (err == -ENOBUFS && step == registering) {
        struct rlimit limit = {0};
        getrlimit(RLIMIT_MEMLOCK, &limit);
        nm_port_error(
            error, size, spec,
            "%s: %zu KB of memory must be locked, the limit is %zu KB: raise it with `ulimit -l`, take "
            "fewer --buffers, or run with CAP_IPC_LOCK",
            step, (size_t)region->n_buffers * region->buffer_size >> 10, (size_t)limit.rlim_cur >> 10);
    } else if (err == -EFAULT || (err == -EINVAL && step == registering)) {
        nm_port_error(
            error, size, spec,
            "%s: AF_XDP cannot use memory of this kind (it belongs to another driver); use packet:%s", step,
            xdp->device.name);
    } else if (err == -EBUSY) {
        nm_port_error(error, size, spec, "queue %u of %s is in use by another AF_XDP socket", queue->number,
                      xdp->device.name);
    } else if (err == -EAFNOSUPPORT) {
        nm_port_error(error, size, spec,
                      "this kernel has no AF_XDP sockets (CONFIG_XDP_SOCKETS); use packet:%s",
                      xdp->device.name);
    } else {
        nm_device_error(error, size, spec, step, "CAP_NET_RAW", -err);
    }
}

int xdp_open_queue(struct xdp_port *xdp, struct xdp_queue *queue, const struct xdp_wish *wish,
                   const char *spec, char *error, size_t size)
{
    const char *step = "";
    size_t words = (xdp->region->n_buffers + 63) / 64;
    queue->receiving.bits = calloc(words, sizeof(uint64_t));
    queue->sending.bits = calloc(words, sizeof(uint64_t));
    queue->spare = malloc(xdp->region->n_buffers * sizeof *queue->spare);
    if (!queue->receiving.bits || !queue->sending.bits || !queue->spare) {
        nm_port_error(error, size, spec, "out of memory");
        return -ENOMEM;
    }
    int err = -EOPNOTSUPP;
    if (!wish->copy)
        err = try_socket(xdp, queue, wish, find_memory(xdp, true), XDP_ZEROCOPY, &step);
    if (err)
        err = try_socket(xdp, queue, wish, find_memory(xdp, false), XDP_COPY, &step);
    if (err)
        say_failure(xdp, queue, err, step, spec, error, size);
    return err;
}

static void call_in(struct nm_region *region, const struct xdp_loan *loan)
{
    for (uint32_t buffer = 0; loan->bits && buffer < region->n_buffers; buffer++)
        if (loan->bits[buffer / 64] >> buffer % 64 & 1)
            nm_region_give(region, &buffer, 1);
}

void xdp_close_queue(struct xdp_port *xdp, struct xdp_queue *queue)
{
    shut(queue);
    call_in(xdp->region, &queue->receiving);
    call_in(xdp->region, &queue->sending);
    if (queue->n_spare)
        nm_region_give(xdp->region, queue->spare, queue->n_spare);
    free(queue->receiving.bits);
    free(queue->sending.bits);
    free(queue->spare);
}
