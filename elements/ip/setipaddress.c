#include "nmclick/element.h"

struct SetIPAddress {
    be32 address;
};

static inline int SetIPAddress_init(struct SetIPAddress *self, const struct SetIPAddress_args *args,
                                    struct context *c)
{
    (void)c;
    self->address = args->ipaddr;
    return 0;
}

static inline int SetIPAddress_packet(struct SetIPAddress *self, const struct SetIPAddress_args *args,
                                      struct packet *p, struct context *c)
{
    (void)c;
    set_anno_u32(p, args->anno, self->address);
    return 0;
}
