#include "nmclick/link.h"
#include "nmclick/rings.h"

#include "io/receive.h"

struct FromDevice {
    struct receiver in;
    uint32_t link_type;
};

static inline int FromDevice_init(struct FromDevice *self, const struct FromDevice_args *args,
                                  struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    self->link_type = port->link_type;
    if (args->force_ip && !link_can_hold_ip(port->link_type))
        return init_error(c, "unknown linktype %u; can't force IP packets", port->link_type);
    if (args->filter_link_type >= 0 && (uint32_t)args->filter_link_type != port->link_type)
        return init_error(c, "the BPF filter is for link type %d, %s has %u; ENCAP says which",
                          (int)args->filter_link_type, port->name, port->link_type);
    return receiver_init(&self->in, port, true, -1, c);
}

static inline unsigned FromDevice_burst(struct FromDevice *self, const struct FromDevice_args *args,
                                        struct ring_burst *burst, unsigned max, struct context *c)
{
    unsigned n =
        receiver_burst(&self->in, c->worker->ports[args->port], -1, (uint32_t)args->burst, burst, max, c);
    burst->cursor.link_broadcasts = self->link_type == NM_LINK_ETHERNET;
    return n;
}

static inline void FromDevice_done(struct FromDevice *self, const struct FromDevice_args *args,
                                   struct ring_burst *burst, struct context *c)
{
    receiver_done(&self->in, c->worker->ports[args->port], -1, burst, DROP(invalid), DROP(no_buffer), c);
}

/* As if the packet had never been received. */
static always_inline int FromDevice_refuse(struct FromDevice *self, const struct packet *p, struct context *c)
{
    self->in.count--;
    drop(c, p, DROP(filtered));
    return KEPT;
}

static inline int FromDevice_packet(struct FromDevice *self, const struct FromDevice_args *args,
                                    struct packet *p, struct context *c)
{
    if (args->protocol && self->link_type == NM_LINK_ETHERNET &&
        (p->length < ETHER_HEADER || load_be16(p->data + 12) != args->protocol))
        return FromDevice_refuse(self, p, c);
    if (unlikely(p->length > args->snaplen)) {
        set_anno_u32(p, ANNO_EXTRA_LENGTH,
                     anno_u32(p, ANNO_EXTRA_LENGTH) + p->length - (uint32_t)args->snaplen);
        p->length = (uint32_t)args->snaplen;
    }
    if (!args->timestamp)
        packet_set_timestamp(p, 0);
    if (args->force_ip && unlikely(!link_mark_ip(p, self->link_type)))
        return DROP(not_ip);
    return 0;
}

static inline long FromDevice_call_reset_counts(struct FromDevice *self, const struct FromDevice_args *args,
                                                const void *in, size_t n, void *out, size_t room,
                                                struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room, (void)c;
    receiver_reset(&self->in);
    return 0;
}

static inline long FromDevice_call_kernel_drops(struct FromDevice *self, const struct FromDevice_args *args,
                                                const void *in, size_t n, void *out, size_t room,
                                                struct context *c)
{
    (void)self, (void)in, (void)n, (void)out, (void)room;
    const struct nm_port *port = c->worker->ports[args->port];
    uint64_t drops = 0;
    for (unsigned i = 0; i < port->n_rx_rings; i++)
        drops += port->rx[i].drops_by[NM_DROP_FULL];
    return (long)drops;
}
