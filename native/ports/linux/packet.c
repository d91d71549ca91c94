/* packet:INTERFACE[,rings=N][,promisc] receives from and sends through a network interface by packet sockets
 * (AF_PACKET): it works everywhere, copies every frame, and leaves the interface to the system. Several rings
 * share what arrives by flow. */
#define _GNU_SOURCE
#include "packet.h"

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#define SLOTS 512u
#define MAX_RINGS 64u
#define MIN_FRAMES 1024u /* in the kernel's ring: what may arrive while the program is busy elsewhere */
#define SEND_ROOM (4 << 20)
#define FANOUT_IGNORE_OUTGOING 0x4000 /* PACKET_FANOUT_FLAG_IGNORE_OUTGOING of later headers */

static int any_socket(const struct packet_port *packet)
{
    const struct packet_pair *pair = packet->pairs;
    return pair->receiver.fd >= 0 ? pair->receiver.fd : pair->sender.fd;
}

/* What is deleted goes down first. Requests like this one wait for the kernel's lock (RTNL), and so until
 * that is over, whatever their answer. */
static void let_deletion_end(const struct packet_port *packet)
{
    struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
    struct ifreq request = {.ifr_data = (char *)&link};
    memcpy(request.ifr_name, packet->device.name, sizeof request.ifr_name);
    (void)ioctl(any_socket(packet), SIOCETHTOOL, &request);
}

/* The kernel takes a socket off an interface that is deleted. */
static bool is_gone(const struct packet_port *packet)
{
    struct sockaddr_ll bound = {0};
    socklen_t length = sizeof bound;
    return getsockname(any_socket(packet), (struct sockaddr *)&bound, &length) == 0 && bound.sll_ifindex < 0;
}

void packet_say_down(struct nm_port *port)
{
    struct packet_port *packet = port->priv;
    if (port->finished)
        return;
    if (!packet->said_down)
        let_deletion_end(packet);
    if (is_gone(packet)) {
        port->warning = "the interface is gone";
        port->finished = true;
        return;
    }
    if (packet->said_down)
        return;
    packet->said_down = true;
    snprintf(packet->warning, sizeof packet->warning, "the interface is down: `ip link set dev %s up`",
             packet->device.name);
    port->warning = packet->warning;
}

/* A descriptor whose error nobody takes would wake the program for ever. */
static bool take_error(struct nm_port *port, int fd)
{
    int err = 0;
    socklen_t length = sizeof err;
    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &length) < 0 || !err)
        return false;
    let_deletion_end(port->priv);
    packet_say_down(port);
    return true;
}

static int packet_wait(struct nm_port *port, unsigned ring, short *events)
{
    struct packet_port *packet = port->priv;
    struct packet_pair *pair = &packet->pairs[ring];
    bool in = (*events & POLLIN) && pair->receiver.fd >= 0, out = (*events & POLLOUT) && pair->sender.fd >= 0;
    if (take_error(port, pair->receiver.fd) || take_error(port, pair->sender.fd)) {
        *events = POLLOUT; /* at once: the elements have something to tell */
        return any_socket(packet);
    }
    if (port->finished)
        return -1;
    if (in && out)
        *events = POLLIN;
    return in && out ? pair->both : in ? pair->receiver.fd : out ? pair->sender.fd : -1;
}

static int packet_flush(struct nm_port *port)
{
    for (unsigned i = 0; i < port->n_rx_rings; i++)
        packet_count_losses(port, i);
    return 0;
}

static void close_descriptor(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void free_packet(struct packet_port *packet)
{
    for (unsigned i = 0; i < packet->n_pairs; i++) {
        packet_unmap_ring(&packet->pairs[i].receiver);
        close_descriptor(packet->pairs[i].receiver.fd);
        close_descriptor(packet->pairs[i].sender.fd);
        close_descriptor(packet->pairs[i].both);
    }
    close_descriptor(packet->promiscuous);
    close_descriptor(packet->seclusion);
    free(packet->pairs);
    free(packet);
}

static void packet_close(struct nm_port *port)
{
    free_packet(port->priv);
    nm_port_release(port);
}

static const struct nm_port_ops packet_ops = {
    .scheme = "packet",
    .rxsync = packet_rxsync,
    .txsync = packet_txsync,
    .wait = packet_wait,
    .flush = packet_flush,
    .close = packet_close,
};

static int bind_to(int fd, const struct nm_device *device, uint16_t protocol)
{
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = device->index};
    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

/* Bound, but nothing comes in yet: before all sockets are one group, each would get everything. */
static int open_receiver(struct packet_receiver *receiver, const struct nm_device *device, uint32_t longest,
                         uint32_t n_frames, bool outbound)
{
    static struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog filter = {.len = 1, .filter = &nothing};
    int on = 1;
    receiver->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (receiver->fd < 0 ||
        setsockopt(receiver->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0)
        return -errno;
    if (!outbound) /* since Linux 4.20; before that, packet_rxsync sorts them out */
        (void)setsockopt(receiver->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    int err = packet_map_ring(receiver, longest, n_frames);
    return err ? err : bind_to(receiver->fd, device, ETH_P_ALL) < 0 ? -errno : 0;
}

/* `outbound`: what we send ourselves must not come back, so it goes past those who watch the interface. */
static int open_sender(struct packet_sender *sender, const struct nm_device *device, bool outbound)
{
    int room = SEND_ROOM, on = outbound;
    packet_prepare(sender);
    sender->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (sender->fd < 0 || setsockopt(sender->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) < 0)
        return -errno;
    if (setsockopt(sender->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0)
        (void)setsockopt(sender->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    return bind_to(sender->fd, device, 0) < 0 ? -errno : 0;
}

static int open_both(struct packet_pair *pair)
{
    struct epoll_event in = {.events = EPOLLIN}, out = {.events = EPOLLOUT};
    pair->both = epoll_create1(EPOLL_CLOEXEC);
    if (pair->both < 0 || epoll_ctl(pair->both, EPOLL_CTL_ADD, pair->receiver.fd, &in) < 0 ||
        epoll_ctl(pair->both, EPOLL_CTL_ADD, pair->sender.fd, &out) < 0)
        return -errno;
    return 0;
}

/* Makes the receivers one group that shares frames by flow, and lets them begin. */
static int join(struct packet_port *packet)
{
    uint32_t group = 0;
    int ignored = 0;
    for (unsigned i = 0; i < packet->n_pairs; i++) {
        int fd = packet->pairs[i].receiver.fd;
        uint32_t flags = i ? 0 : PACKET_FANOUT_FLAG_UNIQUEID;
        flags |= packet->outbound ? 0 : FANOUT_IGNORE_OUTGOING;
        uint32_t wish = group | (PACKET_FANOUT_HASH | flags) << 16;
        socklen_t length = sizeof wish;
        if (packet->n_pairs > 1 && (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &wish, sizeof wish) < 0 ||
                                    getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &wish, &length) < 0))
            return -errno;
        group = wish & 0xffff;
    }
    for (unsigned i = 0; i < packet->n_pairs; i++)
        if (setsockopt(packet->pairs[i].receiver.fd, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored) <
            0)
            return -errno;
    return 0;
}

static bool open_sockets(struct nm_port *port, struct packet_port *packet,
                         const struct nm_port_options *options, char *error, size_t size)
{
    uint32_t longest = nm_longest_frame(port->region), frames = port->n_rx_rings ? port->rx->n_slots * 2 : 0;
    int err = 0;
    for (unsigned i = 0; i < packet->n_pairs && !err; i++) {
        struct packet_pair *pair = &packet->pairs[i];
        if (options->read)
            err = open_receiver(&pair->receiver, &packet->device, longest,
                                frames > MIN_FRAMES ? frames : MIN_FRAMES, options->outbound);
        if (options->write && !err)
            err = open_sender(&pair->sender, &packet->device, options->outbound && options->read);
        if (options->read && options->write && !err)
            err = open_both(pair);
    }
    if (options->read && !err)
        err = join(packet);
    if (err)
        nm_device_error(error, size, port->name, "cannot open a packet socket", "CAP_NET_RAW", -err);
    return !err;
}

static bool take_hold(const char *spec, struct packet_port *packet, bool promiscuous, bool alone, char *error,
                      size_t size)
{
    if (promiscuous && (packet->promiscuous = nm_device_promiscuous(&packet->device)) < 0) {
        nm_device_error(error, size, spec, "cannot receive frames for all stations", "CAP_NET_RAW", errno);
        return false;
    }
    if (alone && (packet->seclusion = nm_device_seclude(&packet->device)) < 0) {
        nm_device_error(error, size, spec,
                        "cannot keep what arrives from the system's own network stack (that takes Linux 6.6)",
                        "CAP_BPF and CAP_NET_ADMIN", errno);
        return false;
    }
    return true;
}

static void describe(struct nm_port *port, struct packet_port *packet, bool reads)
{
    if (reads)
        snprintf(packet->note, sizeof packet->note, "AF_PACKET, TPACKET_V2, %u ring%s of %u frames",
                 packet->n_pairs, packet->n_pairs == 1 ? "" : "s", packet->pairs->receiver.n_frames);
    else
        snprintf(packet->note, sizeof packet->note, "AF_PACKET");
    port->note = packet->note;
    if (!packet->device.up)
        snprintf(packet->advice, sizeof packet->advice, "the interface is down: `ip link set dev %s up`",
                 packet->device.name);
    else if (reads && nm_device_merges(&packet->device))
        snprintf(packet->advice, sizeof packet->advice,
                 "the interface merges the frames it receives, and what gets longer than a buffer is lost: "
                 "`ethtool -K %s gro off lro off`",
                 packet->device.name);
    if (packet->advice[0])
        port->advice = packet->advice;
}

static struct packet_port *make_packet(unsigned n_pairs)
{
    struct packet_port *packet = alloc_lines(1, sizeof *packet);
    if (packet && !(packet->pairs = alloc_lines(n_pairs, sizeof *packet->pairs))) {
        free(packet);
        return NULL;
    }
    if (!packet)
        return NULL;
    packet->n_pairs = n_pairs;
    packet->promiscuous = packet->seclusion = -1;
    for (unsigned i = 0; i < n_pairs; i++)
        packet->pairs[i].receiver.fd = packet->pairs[i].sender.fd = packet->pairs[i].both = -1;
    return packet;
}

static struct nm_port *packet_open(const char *spec, const char *rest, struct nm_region *region,
                                   const struct nm_port_options *options, char *error, size_t size)
{
    uint32_t n_rings = options->rings ? options->rings : 1;
    bool promiscuous = options->promiscuous;
    const struct nm_device_option known[] = {{"rings", &n_rings, NULL}, {"promisc", NULL, &promiscuous}};
    struct nm_device device;
    if (!nm_device_parse(&device, known, 2, spec, rest, error, size))
        return NULL;
    if (n_rings < 1 || n_rings > MAX_RINGS) {
        nm_port_error(error, size, spec, "%u rings: there must be 1 to %u", n_rings, MAX_RINGS);
        return NULL;
    }
    const struct nm_port_shape shape = {.n_rx = options->read ? (uint16_t)n_rings : 0,
                                        .n_tx = options->write ? (uint16_t)n_rings : 0,
                                        .default_slots = SLOTS,
                                        .rx_meta = true};
    struct packet_port *packet = make_packet(n_rings);
    if (!packet) {
        nm_port_error(error, size, spec, "out of memory");
        return NULL;
    }
    packet->device = device;
    packet->outbound = options->outbound;
    struct nm_port *port = nm_port_create(&packet_ops, spec, region, options, &shape, error, size);
    if (!port) {
        free_packet(packet);
        return NULL;
    }
    port->priv = packet;
    if (!open_sockets(port, packet, options, error, size) ||
        !take_hold(spec, packet, promiscuous, options->alone, error, size)) {
        packet_close(port);
        return NULL;
    }
    describe(port, packet, options->read);
    return port;
}

static int64_t packet_probe(const char *spec, const char *rest, const struct nm_port_options *options,
                            char *error, size_t size)
{
    (void)options;
    uint32_t ignored = 0;
    bool given = false;
    const struct nm_device_option known[] = {{"rings", &ignored, NULL}, {"promisc", NULL, &given}};
    struct nm_device device;
    if (!nm_device_parse(&device, known, 2, spec, rest, error, size))
        return -EINVAL;
    return nm_device_longest_frame(&device);
}

NM_PORT_DRIVER(packet) = {.scheme = "packet", .open = packet_open, .probe = packet_probe};
