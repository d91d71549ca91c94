#include "nmclick/element.h"

static inline unsigned PrioSched_pull(struct PrioSched *self, const struct PrioSched_args *args,
                                      struct packet *out, unsigned max, struct context *c)
{
    (void)self, (void)args;
    unsigned n = 0;
    for (unsigned i = 0; i < c->instance->n_inputs && n < max; i++)
        while (n < max) {
            unsigned got = pull_input(c, i, out + n, max - n);
            if (!got)
                break;
            n += got;
        }
    return n;
}
