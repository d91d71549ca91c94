/* What KernelTap and KernelTun share: a source and a sink over the same interface. */
#ifndef ELEMENTS_IO_KERNEL_H
#define ELEMENTS_IO_KERNEL_H

#include "nmclick/interface.h"
#include "nmclick/link.h"

#include "io/receive.h"
#include "io/transmit.h"

struct kernel_device {
    struct receiver in;
    struct transmitter out;
    uint64_t turns; /* in which packets were received */
    uint8_t said;   /* which refusals were told */
};

/* Why a packet is not for the kernel, by the order of the drop reasons. */
enum kernel_refusal { KERNEL_SHORT, KERNEL_NO_HEADER, KERNEL_VERSION, KERNEL_LONG, KERNEL_FINE };

static inline bool kernel_is_interface(const struct nm_port *port)
{
    return strcmp(port->ops->scheme, "tap") == 0 || strcmp(port->ops->scheme, "tun") == 0;
}

/* The interface's name, or the whole specification of a port that stands in for it. */
static inline const char *kernel_name(const struct nm_port *port)
{
    return kernel_is_interface(port) ? strchr(port->name, ':') + 1 : port->name;
}

static inline int kernel_configure(const struct nm_port *port, const struct nm_interface *wanted,
                                   struct context *c)
{
    char error[256];
    if (kernel_is_interface(port) &&
        nm_interface_configure(kernel_name(port), wanted, error, sizeof error) < 0)
        return init_error(c, "%s", error);
    return 0;
}

static inline int kernel_init(struct kernel_device *self, struct nm_port *port, bool writes,
                              const struct nm_interface *wanted, struct context *c)
{
    if (receiver_init(&self->in, port, true, 0, c) || (writes && transmitter_init(&self->out, port, 0, c)))
        return -1;
    return kernel_configure(port, wanted, c);
}

static cold_path void kernel_say(struct kernel_device *self, const struct packet *p, enum kernel_refusal why,
                                 unsigned mtu, struct context *c)
{
    if (self->said & 1u << why)
        return;
    self->said |= (uint8_t)(1u << why);
    if (why == KERNEL_SHORT)
        worker_log(c->worker, c->instance->number, "packet too small");
    else if (why == KERNEL_NO_HEADER)
        worker_log(c->worker, c->instance->number, "no network header");
    else if (why == KERNEL_VERSION)
        worker_log(c->worker, c->instance->number, "unknown IP version %u", p->data[0] >> 4);
    else
        worker_log(c->worker, c->instance->number, "packet larger than MTU (%u)", mtu);
}

/* Make a packet what the kernel takes: an Ethernet frame as it is, an IP packet without what is before its
 * header. */
static always_inline enum kernel_refusal kernel_prepare(struct packet *p, bool ethernet, uint32_t mtu)
{
    if (ethernet) {
        if (unlikely(p->length < ETHER_HEADER))
            return KERNEL_SHORT;
        return unlikely(p->length - ETHER_HEADER > mtu) ? KERNEL_LONG : KERNEL_FINE;
    }
    const uint8_t *ip = packet_network_header(p);
    if (unlikely(!ip || ip < p->data || ip + 20 > packet_end(p)))
        return KERNEL_NO_HEADER;
    packet_pull(p, (uint32_t)(ip - p->data));
    if (unlikely(ip[0] >> 4 != 4 && ip[0] >> 4 != 6))
        return KERNEL_VERSION;
    return unlikely(p->length > mtu) ? KERNEL_LONG : KERNEL_FINE;
}

/* Take up to `max` packets from the kernel. What should be IP and is not leaves by output 1, or is dropped
 * with `not_ip`; `invalid` and `no_buffer` are the other drop codes. */
static inline unsigned kernel_receive(struct kernel_device *self, struct nm_port *port, uint32_t limit,
                                      bool ethernet, struct packet *out, unsigned max, int not_ip,
                                      int invalid, int no_buffer, struct context *c)
{
    struct ring_burst burst;
    unsigned n = receiver_burst(&self->in, port, 0, limit, &burst, max, c), kept = 0;
    burst.cursor.link_broadcasts = ethernet;
    for (unsigned i = 0; i < n; i++) {
        struct packet *p = &out[kept];
        if (!ring_next(&burst, i, p))
            continue;
        if (ethernet || likely(link_mark_ip(p, NM_LINK_RAW_IP)))
            kept++;
        else if (c->instance->n_outputs > 1)
            emit(c, 1, *p);
        else
            drop(c, p, not_ip);
    }
    if (!n)
        return 0;
    receiver_done(&self->in, port, 0, &burst, invalid, no_buffer, c);
    self->turns++;
    c->worker->busy = true;
    return kept;
}

static inline long kernel_tell_name(const struct nm_port *port, void *out, size_t room)
{
    snprintf(out, room, "%s", kernel_name(port));
    return 0;
}

#endif
