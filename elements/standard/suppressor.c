#include "nmclick/element.h"

#define SUPPRESSOR_PORTS 256

struct Suppressor {
    uint8_t suppressed[SUPPRESSOR_PORTS];
};

static inline int Suppressor_packet(struct Suppressor *self, const struct Suppressor_args *args,
                                    struct packet *p, struct context *c)
{
    (void)args, (void)p;
    return unlikely(self->suppressed[c->input]) ? DROP(suppressed) : c->input;
}

/* A suppressed output draws nothing: the packets stay where they wait. */
static inline unsigned Suppressor_pull(struct Suppressor *self, const struct Suppressor_args *args,
                                       struct packet *out, unsigned max, struct context *c)
{
    (void)args;
    return unlikely(self->suppressed[c->output]) ? 0 : pull_input(c, c->output, out, max);
}
