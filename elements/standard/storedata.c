#include "nmclick/element.h"

static inline int StoreData_packet(struct StoreData *self, const struct StoreData_args *args,
                                   struct packet *p, struct context *c)
{
    (void)self, (void)c;
    uint32_t offset = (uint32_t)args->offset;
    if (unlikely(p->length <= offset))
        return 0;
    uint32_t room = p->length - offset;
    if (likely(room >= args->n_data))
        memcpy(p->data + offset, args->data, args->n_data);
    else
        memcpy(p->data + offset, args->data, room);
    return 0;
}
