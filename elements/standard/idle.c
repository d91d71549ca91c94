#include "nmclick/element.h"

static inline int Idle_packet(struct Idle *self, const struct Idle_args *args, struct packet *p,
                              struct context *c)
{
    (void)self, (void)args, (void)p, (void)c;
    return DROP(idle);
}

static inline unsigned Idle_pull(struct Idle *self, const struct Idle_args *args, struct packet *out,
                                 unsigned max, struct context *c)
{
    (void)self, (void)args, (void)out, (void)max, (void)c;
    return 0;
}
