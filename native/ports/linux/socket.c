/* socket:NAME: TCP, UDP and Unix sockets. Streams are received in pieces as they come; what is sent to a
 * stream is written whole, in as many pieces as the peer takes. A server serves one peer after the other. */
#define _GNU_SOURCE
#include "nmclick/socket_port.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "gather.h"
#include "socket_setup.h"

#define SOCKET_BURST 64u /* packets one sync receives at most: others want their turn */

static bool is_stream(const struct socket_port *s)
{
    return s->config.type == SOCK_STREAM;
}

__attribute__((format(printf, 2, 3))) void socket_say(const struct socket_port *s, const char *format, ...)
{
    if (!s->config.say)
        return;
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    s->config.say(s->config.owner, text);
}

/* Who is allowed may change while we run: an answer is good for a second. */
static bool allowed(struct socket_port *s, const struct sockaddr_storage *from)
{
    if (!s->config.allows || from->ss_family != AF_INET)
        return true;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    uint32_t address = ((const struct sockaddr_in *)from)->sin_addr.s_addr;
    if (!s->asked || s->asked_about != address || s->asked_at != now.tv_sec) {
        s->asked = true;
        s->asked_about = address;
        s->asked_at = now.tv_sec;
        s->answer = s->config.allows(s->config.owner, address);
    }
    return s->answer;
}

/* The peer is gone, with whatever of the packet in flight it has not read. The next one gets the next packet
 * whole. */
static void hang_up(struct nm_port *port, int err)
{
    struct socket_port *s = port->priv;
    if (s->active < 0)
        return;
    if (err)
        socket_say(s, "%s", strerror(err));
    socket_say(s, "closed connection %d", s->active);
    close(s->active);
    if (s->active == s->fd)
        s->fd = -1;
    s->active = -1;
    struct nm_ring *ring = &port->tx[0];
    bool for_good = s->fd < 0;
    uint32_t head = ring->ring->head;
    while (ring->hwcur != head && head < ring->n_slots && (s->sent || for_good)) {
        bool more = nm_slot_read(&ring->ring->slot[ring->hwcur]).flags & NS_MOREFRAG;
        ring->hwcur = nm_ring_next(ring, ring->hwcur);
        if (!more) {
            nm_ring_drop(ring, NM_DROP_SYSTEM);
            s->sent = 0;
        }
    }
    s->sent = 0;
}

static void welcome(struct socket_port *s)
{
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    int fd = accept4(s->fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
            socket_say(s, "accept: %s", strerror(errno));
        return;
    }
    bool wanted = allowed(s, &from);
    char name[SOCKET_NAME_SIZE];
    socket_name(name, sizeof name, &from, length);
    socket_say(s, "%s connection %d from %s", wanted ? "opened" : "denied", fd, name);
    if (wanted)
        s->active = fd;
    else
        close(fd);
}

/* Bytes of the packet, more than `room` if it was cut; 0: there is none to be had now. */
static size_t receive(struct nm_port *port, uint8_t *to, size_t room)
{
    struct socket_port *s = port->priv;
    struct sockaddr_storage from = {0};
    socklen_t length = sizeof from;
    while (s->active >= 0) {
        ssize_t n = is_stream(s)
                        ? recv(s->active, to, room, 0)
                        : recvfrom(s->active, to, room, MSG_TRUNC, (struct sockaddr *)&from, &length);
        if (n < 0 && errno == EINTR)
            continue;
        if (is_stream(s)) {
            if (n == 0 || (n < 0 && errno != EAGAIN))
                hang_up(port, n ? errno : 0);
            return n > 0 ? (size_t)n : 0;
        }
        if (n < 0)
            return 0;
        if (!s->config.client && !allowed(s, &from)) {
            char name[SOCKET_NAME_SIZE];
            socket_name(name, sizeof name, &from, length);
            socket_say(s, "dropped datagram from %s", name);
            continue;
        }
        if (!s->config.client) {
            s->remote = from;
            s->remote_length = length;
        }
        if (n > 0)
            return (size_t)n;
    }
    return 0;
}

static int socket_rxsync(struct nm_port *port, unsigned index)
{
    struct socket_port *s = port->priv;
    const struct nm_region *region = port->region;
    struct nm_ring *ring = &port->rx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, region, &head);
    if (err)
        return err;
    ring->hwcur = head;
    if (s->listening && s->active < 0)
        welcome(s);
    size_t longest = nm_longest_frame(region);
    longest = s->config.snap_length < longest ? s->config.snap_length : longest;
    const uint32_t stop = nm_ring_prev(ring, head);
    uint32_t at = ring->hwtail;
    for (unsigned n = 0; n < SOCKET_BURST && at != stop && s->active >= 0; n++, at = nm_ring_next(ring, at)) {
        struct netmap_slot *slot = &ring->ring->slot[at];
        struct netmap_slot copy = nm_slot_read(slot);
        enum nm_drop_reason bad = nm_slot_check_free(region, &copy);
        size_t length = bad == NM_DROP_REASONS ? receive(port, nm_slot_data(region, &copy), longest) : 0;
        if (bad != NM_DROP_REASONS)
            nm_ring_drop(ring, bad);
        else if (!length)
            break;
        uint32_t stored = (uint32_t)(length < longest ? length : longest);
        nm_slot_fill(slot, stored);
        ring->meta[at] = (struct nm_slot_meta){.wire_length = (uint32_t)length};
        ring->packets += stored != 0;
        ring->bytes += stored;
    }
    ring->hwtail = at;
    nm_ring_leave(ring);
    return 0;
}

/* Who the datagram is for; it may say so itself, with its first bytes. */
static void address(struct socket_port *s, struct nm_frame *frame, struct msghdr *message)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&s->remote;
    message->msg_name = &s->remote;
    message->msg_namelen = s->remote_length;
    if (s->config.each_its_own && frame->n_parts && frame->parts[0].iov_len >= sizeof in->sin_addr) {
        memcpy(&in->sin_addr, frame->parts[0].iov_base, sizeof in->sin_addr);
        nm_frame_skip(frame, sizeof in->sin_addr);
        frame->length -= sizeof in->sin_addr;
    }
}

/* False: not now. */
static bool transmit(struct nm_port *port, struct nm_ring *ring, struct nm_frame *frame)
{
    struct socket_port *s = port->priv;
    struct msghdr message = {0};
    if (is_stream(s))
        nm_frame_skip(frame, s->sent);
    else
        address(s, frame, &message);
    if (!frame->length)
        return true;
    message.msg_iov = frame->parts;
    message.msg_iovlen = frame->n_parts;
    ssize_t n;
    do
        n = sendmsg(s->active, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == ENOBUFS))
        return false;
    if (n < 0 && is_stream(s)) {
        s->sent += !s->sent; /* this packet is lost */
        hang_up(port, errno);
        return false;
    }
    if (n < 0) {
        socket_say(s, "%s", strerror(errno));
        nm_ring_drop(ring, NM_DROP_SYSTEM);
        return true;
    }
    s->sent += (size_t)n;
    if (is_stream(s) && s->sent < frame->length)
        return false;
    s->sent = 0;
    ring->packets++;
    ring->bytes += frame->length;
    return true;
}

static int socket_txsync(struct nm_port *port, unsigned index)
{
    struct socket_port *s = port->priv;
    struct nm_ring *ring = &port->tx[index];
    uint32_t head;
    int err = nm_ring_enter(ring, port->region, &head);
    if (err)
        return err;
    head = nm_ring_whole_packets(ring, ring->hwcur, head);
    while (ring->hwcur != head && nm_socket_connected(port)) {
        struct nm_frame frame;
        enum nm_drop_reason bad = nm_ring_gather(ring, port->region, ring->hwcur, &frame);
        if (unlikely(bad != NM_DROP_REASONS)) {
            nm_ring_drop(ring, bad);
            s->sent = 0;
        } else if (!transmit(port, ring, &frame)) {
            break;
        }
        ring->hwcur = frame.next;
    }
    ring->hwtail = nm_ring_prev(ring, ring->hwcur);
    nm_ring_leave(ring);
    return 0;
}

static int socket_wait(struct nm_port *port, unsigned ring, short *events)
{
    const struct socket_port *s = port->priv;
    if (s->active < 0) {
        *events = POLLIN;
        return s->listening ? s->fd : -1;
    }
    *events = (short)(s->deaf ? 0 : POLLIN);
    if (nm_socket_connected(port) && port->tx[ring].hwcur != port->tx[ring].ring->head)
        *events |= POLLOUT;
    return *events ? s->active : -1;
}

static void socket_close(struct nm_port *port)
{
    struct socket_port *s = port->priv;
    if (s->active >= 0 && s->active != s->fd)
        close(s->active);
    if (s->fd >= 0)
        close(s->fd);
    socket_unbind(s);
    free(s);
    nm_port_release(port);
}

bool nm_socket_connected(const struct nm_port *port)
{
    const struct socket_port *s = port->priv;
    return s->active >= 0 && (is_stream(s) || s->remote_length);
}

static const struct nm_port_ops socket_ops = {
    .scheme = "socket",
    .rxsync = socket_rxsync,
    .txsync = socket_txsync,
    .wait = socket_wait,
    .close = socket_close,
};

bool nm_socket_is(const struct nm_port *port)
{
    return port->ops == &socket_ops;
}

static struct nm_port *socket_open(const char *spec, const char *rest, struct nm_region *region,
                                   const struct nm_port_options *options, char *error, size_t size)
{
    (void)rest;
    struct socket_port *s = calloc(1, sizeof *s);
    if (!s) {
        nm_port_error(error, size, spec, "out of memory");
        return NULL;
    }
    s->fd = s->active = -1;
    s->deaf = !options->read;
    const struct nm_port_shape shape = {1, 1, NM_DEFAULT_SLOTS, false, true};
    struct nm_port *port = nm_port_create(&socket_ops, spec, region, options, &shape, error, size);
    if (!port) {
        free(s);
        return NULL;
    }
    port->link_type = NM_LINK_RAW_IP;
    port->priv = s;
    return port;
}

static int64_t socket_probe(const char *spec, const char *rest, const struct nm_port_options *options,
                            char *error, size_t size)
{
    (void)spec, (void)rest, (void)error, (void)size;
    return options->snap_length;
}

NM_PORT_DRIVER(socket) = {.scheme = "socket", .open = socket_open, .probe = socket_probe};
