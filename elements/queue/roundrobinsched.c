#include "nmclick/element.h"

struct RoundRobinSched {
    uint32_t next;
};

/* One packet an input and turn, whatever the batch size: the order is that of single pulls. */
static inline unsigned RoundRobinSched_pull(struct RoundRobinSched *self,
                                            const struct RoundRobinSched_args *args, struct packet *out,
                                            unsigned max, struct context *c)
{
    (void)args;
    unsigned n = 0, idle = 0, next = self->next, inputs = c->instance->n_inputs;
    while (n < max && idle < inputs) {
        if (pull_input(c, next, out + n, 1)) {
            n++;
            idle = 0;
        } else {
            idle++;
        }
        if (++next == inputs)
            next = 0;
        if (!idle)
            self->next = next;
    }
    return n;
}
