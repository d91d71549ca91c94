#include "nmclick/fifo.h"

struct Queue {
    struct fifo fifo;
};

static inline int Queue_init(struct Queue *self, const struct Queue_args *args, struct context *c)
{
    return fifo_init(&self->fifo, (uint32_t)args->capacity, c);
}

static inline void Queue_cleanup(struct Queue *self, const struct Queue_args *args, struct context *c)
{
    (void)args;
    fifo_clear(&self->fifo, c->worker);
}

static inline int Queue_packet(struct Queue *self, const struct Queue_args *args, struct packet *p,
                               struct context *c)
{
    (void)args;
    return likely(fifo_push(&self->fifo, p, c)) ? KEPT : DROP(overflow);
}

static inline unsigned Queue_pull(struct Queue *self, const struct Queue_args *args, struct packet *out,
                                  unsigned max, struct context *c)
{
    (void)args, (void)c;
    return fifo_pull(&self->fifo, out, max);
}

static inline long Queue_call_reset(struct Queue *self, const struct Queue_args *args, const void *in,
                                    size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room;
    c->drops[-2 - DROP(removed)] += fifo_clear(&self->fifo, c->worker);
    return 0;
}

static inline long Queue_call_reset_counts(struct Queue *self, const struct Queue_args *args, const void *in,
                                           size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room, (void)c;
    fifo_reset_counts(&self->fifo);
    return 0;
}

/* In: the new capacity (uint32_t). -1: out of memory. */
static inline long Queue_call_capacity(struct Queue *self, const struct Queue_args *args, const void *in,
                                       size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)out, (void)room;
    return n == 4 && fifo_resize(&self->fifo, load_u32(in), &c->drops[-2 - DROP(removed)], c->worker) ? 0
                                                                                                      : -1;
}
