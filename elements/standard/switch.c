#include "nmclick/element.h"

struct Switch {
    int32_t output;
};

static inline int Switch_init(struct Switch *self, const struct Switch_args *args, struct context *c)
{
    (void)c;
    self->output = (int32_t)args->output;
    return 0;
}

static inline int Switch_packet(struct Switch *self, const struct Switch_args *args, struct packet *p,
                                struct context *c)
{
    (void)args, (void)p, (void)c;
    return self->output < 0 ? DROP(off) : self->output;
}
