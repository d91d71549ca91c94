#include "io/receive.h"

struct FromNetmap {
    struct receiver in;
};

static inline int FromNetmap_init(struct FromNetmap *self, const struct FromNetmap_args *args,
                                  struct context *c)
{
    return receiver_init(&self->in, c->worker->ports[args->port], args->active, (int)args->queue, c);
}

static inline unsigned FromNetmap_burst(struct FromNetmap *self, const struct FromNetmap_args *args,
                                        struct ring_burst *burst, unsigned max, struct context *c)
{
    struct nm_port *port = c->worker->ports[args->port];
    unsigned n = receiver_burst(&self->in, port, (int)args->queue, (uint32_t)args->burst, burst, max, c);
    burst->cursor.link_broadcasts = true;
    return n;
}

static inline void FromNetmap_done(struct FromNetmap *self, const struct FromNetmap_args *args,
                                   struct ring_burst *burst, struct context *c)
{
    receiver_done(&self->in, c->worker->ports[args->port], (int)args->queue, burst, DROP(invalid),
                  DROP(no_buffer), c);
}

static inline unsigned FromNetmap_pull(struct FromNetmap *self, const struct FromNetmap_args *args,
                                       struct packet *out, unsigned max, struct context *c)
{
    struct ring_burst burst;
    unsigned n = FromNetmap_burst(self, args, &burst, max, c), taken = 0;
    for (unsigned i = 0; i < n; i++)
        taken += ring_next(&burst, i, &out[taken]);
    if (n)
        FromNetmap_done(self, args, &burst, c);
    return taken;
}

static inline long FromNetmap_call_reset_counts(struct FromNetmap *self, const struct FromNetmap_args *args,
                                                const void *in, size_t n, void *out, size_t room,
                                                struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room, (void)c;
    receiver_reset(&self->in);
    return 0;
}
