#include "nmclick/element.h"

static inline int Tee_packet(struct Tee *self, const struct Tee_args *args, struct packet *p,
                             struct context *c)
{
    (void)self, (void)args;
    const struct packet original = *p;
    unsigned last = c->instance->n_outputs - 1u;
    for (unsigned port = 0; port < last; port++) {
        struct packet copy;
        if (likely(packet_clone(c->worker, &original, &copy)))
            emit(c, port, copy);
    }
    return (int)last;
}
