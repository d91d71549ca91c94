#include "io/kernel.h"

struct FromHost {
    struct receiver in;
};

static inline int FromHost_init(struct FromHost *self, const struct FromHost_args *args, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    const struct nm_interface wanted = {
        .address = args->dst,
        .mask = args->dst_mask,
        .gateway = args->gateway,
        .ether = args->has_ether ? args->ether : NULL,
    };
    int err = receiver_init(&self->in, port, true, 0, c);
    return err ? err : kernel_configure(port, &wanted, c);
}

static inline unsigned FromHost_burst(struct FromHost *self, const struct FromHost_args *args,
                                      struct ring_burst *burst, unsigned max, struct context *c)
{
    unsigned n = receiver_burst(&self->in, c->worker->ports[args->port], 0, 0, burst, max, c);
    burst->cursor.link_broadcasts = true;
    return n;
}

static inline void FromHost_done(struct FromHost *self, const struct FromHost_args *args,
                                 struct ring_burst *burst, struct context *c)
{
    receiver_done(&self->in, c->worker->ports[args->port], 0, burst, DROP(invalid), DROP(no_buffer), c);
}

static inline int FromHost_packet(struct FromHost *self, const struct FromHost_args *args, struct packet *p,
                                  struct context *c)
{
    (void)self, (void)args, (void)c;
    link_mark_ip(p, NM_LINK_ETHERNET);
    return 0;
}

static inline long FromHost_call_dev_name(struct FromHost *self, const struct FromHost_args *args,
                                          const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)self, (void)in, (void)n;
    return kernel_tell_name(c->worker->ports[args->port], out, room);
}
