#include "io/kernel.h"

struct ToHost {
    struct transmitter out;
    bool said;
};

static inline int ToHost_init(struct ToHost *self, const struct ToHost_args *args, struct context *c)
{
    return transmitter_init(&self->out, c->worker->ports[args->port], 0, c);
}

static inline int ToHost_packet(struct ToHost *self, const struct ToHost_args *args, struct packet *p,
                                struct context *c)
{
    (void)args;
    if (unlikely(p->length < ETHER_HEADER)) {
        if (!self->said)
            worker_log(c->worker, c->instance->number, "packet too small");
        self->said = true;
        return DROP(short);
    }
    if (unlikely(self->out.failed))
        return DROP(write);
    return transmitter_put(&self->out, p, DROP(full), c);
}

static inline void ToHost_flush(struct ToHost *self, const struct ToHost_args *args, struct context *c)
{
    (void)args;
    transmitter_flush(&self->out, DROP(write), c);
}

static inline long ToHost_call_dev_name(struct ToHost *self, const struct ToHost_args *args, const void *in,
                                        size_t n, void *out, size_t room, struct context *c)
{
    (void)self, (void)in, (void)n;
    return kernel_tell_name(c->worker->ports[args->port], out, room);
}
