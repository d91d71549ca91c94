#include "nmclick/element.h"

struct Discard {
    uint64_t count;
    bool active;
};

static inline int Discard_init(struct Discard *self, const struct Discard_args *args, struct context *c)
{
    (void)c;
    self->active = args->active;
    return 0;
}

static inline int Discard_packet(struct Discard *self, const struct Discard_args *args, struct packet *p,
                                 struct context *c)
{
    (void)args;
    self->count++;
    packet_free(c->worker, p);
    return KEPT;
}

/* Only run where the input is pull. */
static inline unsigned Discard_task(struct Discard *self, const struct Discard_args *args, struct packet *out,
                                    unsigned max, struct context *c)
{
    (void)args;
    if (!self->active)
        return 0;
    unsigned n = pull_input(c, 0, out, max);
    for (unsigned i = 0; i < n; i++)
        packet_free(c->worker, &out[i]);
    self->count += n;
    c->worker->busy |= n != 0;
    return 0;
}
