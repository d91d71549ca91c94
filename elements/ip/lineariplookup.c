#include "nmclick/element.h"
#include "nmclick/lpm.h"

struct LinearIPLookup {
    struct lpm table;
};

static inline int LinearIPLookup_init(struct LinearIPLookup *self, const struct LinearIPLookup_args *args, struct context *c)
{
    (void)args;
    if (!lpm_init(&self->table, 16) || !lpm_reserve(&self->table, 0))
        return init_error(c, "out of memory");
    return 0;
}

static inline void LinearIPLookup_cleanup(struct LinearIPLookup *self, const struct LinearIPLookup_args *args, struct context *c)
{
    (void)args, (void)c;
    lpm_free(&self->table, 16);
}

static inline int LinearIPLookup_packet(struct LinearIPLookup *self, const struct LinearIPLookup_args *args, struct packet *p, struct context *c)
{
    (void)args, (void)c;
    uint32_t route = lpm_lookup(&self->table, 16, BE32(anno_u32(p, ANNO_DST_IP)));
    if (unlikely(!route))
        return DROP(no_route);
    const struct lpm_route *r = &self->table.routes[route];
    if (r->gateway)
        set_anno_u32(p, ANNO_DST_IP, r->gateway);
    return r->port;
}

static inline long LinearIPLookup_call_change(struct LinearIPLookup *self, const struct LinearIPLookup_args *args, const void *in, size_t n, void *out,
                                  size_t room, struct context *c)
{
    (void)args, (void)out, (void)room, (void)c;
    return lpm_apply(&self->table, 16, in, n);
}

/* The number of the route for an address in host order. */
static inline long LinearIPLookup_call_lookup(struct LinearIPLookup *self, const struct LinearIPLookup_args *args, const void *in, size_t n, void *out,
                                  size_t room, struct context *c)
{
    (void)args, (void)out, (void)room, (void)c;
    return n < 4 ? 0 : (long)lpm_lookup(&self->table, 16, load_u32(in));
}
