#include "nmclick/element.h"

static inline int Script_packet(struct Script *self, const struct Script_args *args, struct packet *p,
                                struct context *c)
{
    (void)self, (void)args, (void)p;
    long port = worker_upcall(c->worker, c->instance->number, 0, c->input);
    if (port < 0 || port >= (long)c->instance->n_outputs)
        return DROP(script);
    return (int)port;
}
