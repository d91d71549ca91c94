#include "nmclick/element.h"
#include "nmclick/lpm.h"

struct LinearIPLookup {
    struct lpm table;
};

static inline int LinearIPLookup_init(struct LinearIPLookup *self, const struct LinearIPLookup_args *args,
                                      struct context *c)
{
    (void)args;
    return lpm_init(&self->table, 16) ? 0 : init_error(c, "out of memory");
}

static inline void LinearIPLookup_cleanup(struct LinearIPLookup *self, const struct LinearIPLookup_args *args,
                                          struct context *c)
{
    (void)args, (void)c;
    lpm_free(&self->table, 16);
}

static inline int LinearIPLookup_packet(struct LinearIPLookup *self, const struct LinearIPLookup_args *args,
                                        struct packet *p, struct context *c)
{
    (void)args, (void)c;
    const struct lpm_route *route =
        &self->table.routes[lpm_lookup(&self->table, 16, BE32(anno_u32(p, ANNO_DST_IP)))];
    if (unlikely(route->port == LPM_NO_ROUTE))
        return DROP(no_route);
    if (route->gateway)
        set_anno_u32(p, ANNO_DST_IP, route->gateway);
    return route->port;
}

static inline long LinearIPLookup_call_change(struct LinearIPLookup *self,
                                              const struct LinearIPLookup_args *args, const void *in,
                                              size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)out, (void)room, (void)c;
    return lpm_apply(&self->table, 16, in, n);
}

/* The number of the route for an address in host order; 0: that to 0.0.0.0/0, if there is one. */
static inline long LinearIPLookup_call_lookup(struct LinearIPLookup *self,
                                              const struct LinearIPLookup_args *args, const void *in,
                                              size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)out, (void)room, (void)c;
    return n < 4 ? 0 : (long)lpm_lookup(&self->table, 16, load_u32(in));
}
