#include "nmclick/element.h"
#include "nmclick/lpm.h"

struct DirectIPLookup {
    struct lpm table;
};

static inline int DirectIPLookup_init(struct DirectIPLookup *self, const struct DirectIPLookup_args *args, struct context *c)
{
    (void)args;
    if (!lpm_init(&self->table, 24) || !lpm_reserve(&self->table, 0))
        return init_error(c, "out of memory");
    return 0;
}

static inline void DirectIPLookup_cleanup(struct DirectIPLookup *self, const struct DirectIPLookup_args *args, struct context *c)
{
    (void)args, (void)c;
    lpm_free(&self->table, 24);
}

static inline int DirectIPLookup_packet(struct DirectIPLookup *self, const struct DirectIPLookup_args *args, struct packet *p, struct context *c)
{
    (void)args, (void)c;
    uint32_t route = lpm_lookup(&self->table, 24, BE32(anno_u32(p, ANNO_DST_IP)));
    if (unlikely(!route))
        return DROP(no_route);
    const struct lpm_route *r = &self->table.routes[route];
    if (r->gateway)
        set_anno_u32(p, ANNO_DST_IP, r->gateway);
    return r->port;
}

static inline long DirectIPLookup_call_change(struct DirectIPLookup *self, const struct DirectIPLookup_args *args, const void *in, size_t n, void *out,
                                  size_t room, struct context *c)
{
    (void)args, (void)out, (void)room, (void)c;
    return lpm_apply(&self->table, 24, in, n);
}

/* The number of the route for an address in host order. */
static inline long DirectIPLookup_call_lookup(struct DirectIPLookup *self, const struct DirectIPLookup_args *args, const void *in, size_t n, void *out,
                                  size_t room, struct context *c)
{
    (void)args, (void)out, (void)room, (void)c;
    return n < 4 ? 0 : (long)lpm_lookup(&self->table, 24, load_u32(in));
}
