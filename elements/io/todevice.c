#include "io/transmit.h"

struct ToDevice {
    struct transmitter out;
    uint64_t pulls;
    bool debug;
};

static inline int ToDevice_init(struct ToDevice *self, const struct ToDevice_args *args, struct context *c)
{
    self->debug = args->debug;
    return transmitter_init(&self->out, c->worker->ports[args->port], 0, c);
}

/* Nothing can be sent any more. */
static inline void ToDevice_refuse(struct packet *packets, unsigned max, struct context *c)
{
    unsigned n = pull_input(c, 0, packets, max);
    c->worker->busy |= n != 0;
    for (unsigned i = 0; i < n; i++) {
        if (c->instance->n_outputs < 2) {
            drop(c, &packets[i], DROP(write));
        } else {
            c->drops[-2 - DROP(write)]++;
            emit(c, 1, packets[i]);
        }
    }
}

static inline unsigned ToDevice_task(struct ToDevice *self, const struct ToDevice_args *args,
                                     struct packet *packets, unsigned max, struct context *c)
{
    self->pulls++;
    if (unlikely(self->out.failed)) {
        ToDevice_refuse(packets, max, c);
        return 0;
    }
    if (args->burst && max > (unsigned)args->burst)
        max = (unsigned)args->burst;
    unsigned n = transmitter_draw(&self->out, packets, max, c);
    if (!n)
        return 0;
    transmitter_lock(&self->out);
    transmitter_keep_promise(&self->out, n);
    for (unsigned i = 0; i < n; i++) {
        if (c->instance->n_outputs)
            transmitter_copy(&self->out, &packets[i], UINT32_MAX, c);
        else
            transmitter_send(&self->out, &packets[i], c);
    }
    transmitter_sync(&self->out, DROP(write), c);
    transmitter_unlock(&self->out);
    c->worker->busy = true;
    return c->instance->n_outputs ? n : 0;
}
