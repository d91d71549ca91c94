#include "nmclick/element.h"
#include "nmclick/lpm.h"

struct DirectIPLookup {
    struct lpm table;
};

static inline int DirectIPLookup_init(struct DirectIPLookup *self, const struct DirectIPLookup_args *args,
                                      struct context *c)
{
    (void)args;
    return lpm_init(&self->table, 24) ? 0 : init_error(c, "out of memory");
}

static inline void DirectIPLookup_cleanup(struct DirectIPLookup *self, const struct DirectIPLookup_args *args,
                                          struct context *c)
{
    (void)args, (void)c;
    lpm_free(&self->table, 24);
}

static inline int DirectIPLookup_packet(struct DirectIPLookup *self, const struct DirectIPLookup_args *args,
                                        struct packet *p, struct context *c)
{
    (void)args, (void)c;
    const struct lpm_route *route =
        &self->table.routes[lpm_lookup(&self->table, 24, BE32(anno_u32(p, ANNO_DST_IP)))];
    if (unlikely(route->port == LPM_NO_ROUTE))
        return DROP(no_route);
    if (route->gateway)
        set_anno_u32(p, ANNO_DST_IP, route->gateway);
    return route->port;
}

static inline long DirectIPLookup_call_change(struct DirectIPLookup *self,
                                              const struct DirectIPLookup_args *args, const void *in,
                                              size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)out, (void)room, (void)c;
    return lpm_apply(&self->table, 24, in, n);
}

/* The number of the route for an address in host order; 0: that to 0.0.0.0/0, if there is one. */
static inline long DirectIPLookup_call_lookup(struct DirectIPLookup *self,
                                              const struct DirectIPLookup_args *args, const void *in,
                                              size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)out, (void)room, (void)c;
    return n < 4 ? 0 : (long)lpm_lookup(&self->table, 24, load_u32(in));
}

static inline long DirectIPLookup_call_clear(struct DirectIPLookup *self,
                                             const struct DirectIPLookup_args *args, const void *in, size_t n,
                                             void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room, (void)c;
    lpm_clear(&self->table, 24);
    return 0;
}
