/* Packets made again and again from the same bytes: what InfiniteSource and RatedSource send. */
#ifndef NMCLICK_TEMPLATE_H
#define NMCLICK_TEMPLATE_H

#include "nmclick/element.h"

struct packet_template {
    uint8_t *data;   /* room for a whole buffer, so that any packet that fits can be set while running */
    uint32_t length; /* bytes */
};

/* False: the packet does not fit in a buffer, and the template stays as it was. */
static inline bool template_set(struct packet_template *t, const uint8_t *data, size_t length,
                                const struct worker *w)
{
    if (length > w->buffer_size)
        return false;
    memcpy(t->data, data, length);
    t->length = (uint32_t)length;
    return true;
}

static inline int template_init(struct packet_template *t, const uint8_t *data, uint32_t length,
                                struct context *c)
{
    t->data = worker_alloc(c->worker, c->worker->buffer_size);
    if (!t->data)
        return init_error(c, "out of memory");
    if (!template_set(t, data, length, c->worker))
        return init_error(c, "packets of %u bytes do not fit in buffers of %u bytes", length,
                          c->worker->buffer_size);
    return 0;
}

/* Fill up to `max` packets, fewer when the pool runs empty. `usual` is the length the template had at compile
 * time: as long as it holds, the copy has a constant size. */
static always_inline unsigned template_fill(const struct packet_template *t, uint32_t usual,
                                            struct packet *out, unsigned max, uint64_t timestamp,
                                            struct context *c)
{
    struct worker *w = c->worker;
    uint32_t length = t->length, slack = w->buffer_size - length;
    unsigned n = 0;
    for (; n < max; n++) {
        uint32_t buffer = buffer_take(w), head = nm_buffer_offset(buffer);
        if (unlikely(!buffer))
            break;
        if (unlikely(head > slack))
            head = slack < NM_HEADROOM ? slack : NM_HEADROOM;
        out[n] = packet_make(buffer, buffer_address(w, buffer), head, length);
        if (likely(length == usual))
            memcpy(out[n].data, t->data, usual);
        else
            memcpy(out[n].data, t->data, length);
        packet_set_timestamp(&out[n], timestamp);
    }
    return n;
}

#endif
