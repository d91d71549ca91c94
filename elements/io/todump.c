#include "io/transmit.h"

struct ToDump {
    struct transmitter out;
};

static inline int ToDump_init(struct ToDump *self, const struct ToDump_args *args, struct context *c)
{
    return transmitter_init(&self->out, c->worker->ports[args->port], 0, c);
}

/* By its buffer if nobody else needs the packet, else, and if it is longer than a slot can tell, as a copy.
 */
static always_inline void ToDump_write(struct ToDump *self, const struct ToDump_args *args,
                                       const struct packet *p, struct context *c)
{
    struct packet written = *p;
    if (!args->extra_length)
        set_anno_u32(&written, ANNO_EXTRA_LENGTH, 0);
    if (c->instance->n_outputs) {
        transmitter_copy(&self->out, &written, (uint32_t)args->most, c);
    } else if (unlikely(p->length > UINT16_MAX)) {
        transmitter_copy(&self->out, &written, (uint32_t)args->most, c);
        packet_free(c->worker, p);
    } else {
        transmitter_send(&self->out, &written, c);
    }
}

static inline int ToDump_packet(struct ToDump *self, const struct ToDump_args *args, struct packet *p,
                                struct context *c)
{
    if (unlikely(self->out.failed))
        return c->instance->n_outputs ? 0 : DROP(write);
    transmitter_lock(&self->out);
    bool fits = transmitter_has_room(&self->out);
    if (likely(fits))
        ToDump_write(self, args, p, c);
    transmitter_unlock(&self->out);
    if (c->instance->n_outputs)
        return 0;
    return likely(fits) ? KEPT : DROP(full);
}

static inline void ToDump_flush(struct ToDump *self, const struct ToDump_args *args, struct context *c)
{
    (void)args;
    transmitter_flush(&self->out, DROP(write), c);
}

/* The input is pull and there is no output. */
static inline unsigned ToDump_task(struct ToDump *self, const struct ToDump_args *args,
                                   struct packet *packets, unsigned max, struct context *c)
{
    unsigned n = transmitter_draw(&self->out, packets, max, c);
    if (!n)
        return 0;
    transmitter_lock(&self->out);
    transmitter_keep_promise(&self->out, n);
    for (unsigned i = 0; i < n; i++)
        ToDump_write(self, args, &packets[i], c);
    transmitter_sync(&self->out, DROP(write), c);
    transmitter_unlock(&self->out);
    c->worker->busy = true;
    return 0;
}

/* The input is pull and so is the output. */
static inline unsigned ToDump_pull(struct ToDump *self, const struct ToDump_args *args, struct packet *out,
                                   unsigned max, struct context *c)
{
    unsigned n = pull_input(c, 0, out, max);
    transmitter_lock(&self->out);
    for (unsigned i = 0; i < n && !self->out.failed && transmitter_has_room(&self->out); i++)
        ToDump_write(self, args, &out[i], c);
    transmitter_unlock(&self->out);
    if (n)
        transmitter_flush(&self->out, DROP(write), c);
    return n;
}

static inline long ToDump_call_flush(struct ToDump *self, const struct ToDump_args *args, const void *in,
                                     size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room;
    transmitter_lock(&self->out);
    int error = nm_port_flush(self->out.port);
    transmitter_sync(&self->out, DROP(write), c);
    transmitter_unlock(&self->out);
    return error;
}
