#include "nmclick/element.h"

/* Rates cost nothing per packet: `check_at` is the packet count at which the next look at the clock or at a
 * trigger is due. While packets come slowly every one is looked at; when many arrive within a short time,
 * only each `stride`-th, so that a look always covers far less than one epoch. */
enum {
    COUNTER_EPOCH = 1000000,      /* ns */
    COUNTER_LOOK_COVERS = 100000, /* ns that one look should cover at most */
    COUNTER_STRIDE_MAX = 4096,
    COUNTER_STABILITY = 4,     /* a new epoch has weight 1/16 */
    COUNTER_PACKET_SCALE = 10, /* bits of fraction */
    COUNTER_BYTE_SCALE = 4,
};

enum { COUNTER_COUNT_CALL, COUNTER_BYTE_COUNT_CALL };

struct Counter {
    uint64_t count;
    uint64_t check_at; /* also keeps the two counts from becoming one vector, which would be slower */
    uint64_t byte_count;
    uint64_t count_trigger, byte_trigger; /* UINT64_MAX: none */
    bool count_triggered, byte_triggered;
    uint32_t stride;
    uint64_t looked_at;                   /* ns */
    uint64_t epoch;                       /* number of the epoch that is being counted */
    uint64_t epoch_count, epoch_bytes;    /* values of count and byte_count when it began */
    int64_t packet_average, byte_average; /* per epoch, scaled */
};

static inline int Counter_init(struct Counter *self, const struct Counter_args *args, struct context *c)
{
    (void)c;
    self->count_trigger = (uint64_t)args->count_trigger;
    self->byte_trigger = (uint64_t)args->byte_trigger;
    self->stride = 1;
    return 0;
}

/* One epoch with `value` in it, then `idle` epochs with nothing (Click's RateEWMA). */
static inline int64_t Counter_average(int64_t average, uint64_t value, uint64_t idle, int scale)
{
    const int64_t round = 1 << (COUNTER_STABILITY - 1);
    average += ((int64_t)(value << scale) + round - average) >> COUNTER_STABILITY;
    if (idle >= 100)
        return 0;
    for (; idle; idle--)
        average += (round - average) >> COUNTER_STABILITY;
    return average;
}

/* Bring the averages up to `time`. */
static inline void Counter_fold(struct Counter *self, uint64_t time)
{
    uint64_t epoch = time / COUNTER_EPOCH, passed = epoch - self->epoch;
    if (epoch <= self->epoch)
        return;
    self->packet_average = Counter_average(self->packet_average, self->count - self->epoch_count, passed - 1,
                                           COUNTER_PACKET_SCALE);
    self->byte_average = Counter_average(self->byte_average, self->byte_count - self->epoch_bytes, passed - 1,
                                         COUNTER_BYTE_SCALE);
    self->epoch = epoch;
    self->epoch_count = self->count;
    self->epoch_bytes = self->byte_count;
}

static inline void Counter_plan(struct Counter *self, uint64_t time)
{
    if (time - self->looked_at > COUNTER_LOOK_COVERS)
        self->stride = 1;
    else if (self->stride < COUNTER_STRIDE_MAX)
        self->stride *= 2;
    self->looked_at = time;
    self->check_at = self->count + self->stride - 1;
    if (!self->count_triggered && self->count_trigger > self->count && self->count_trigger <= self->check_at)
        self->check_at = self->count_trigger - 1;
    if (!self->byte_triggered && self->byte_trigger != UINT64_MAX)
        self->check_at = self->count;
}

/* Takes no context: its address must not escape from the fast path. */
static cold_path void Counter_look(struct Counter *self, uint32_t length, struct worker *w, unsigned element)
{
    uint64_t time = w->now;
    Counter_fold(self, time);
    self->count++;
    self->byte_count += length;
    Counter_plan(self, time);
    if (self->count == self->count_trigger && !self->count_triggered) {
        self->count_triggered = true;
        worker_upcall(w, element, COUNTER_COUNT_CALL, 0);
    }
    if (self->byte_count >= self->byte_trigger && !self->byte_triggered) {
        self->byte_triggered = true;
        worker_upcall(w, element, COUNTER_BYTE_COUNT_CALL, 0);
    }
}

static inline int Counter_packet(struct Counter *self, const struct Counter_args *args, struct packet *p,
                                 struct context *c)
{
    (void)args;
    if (unlikely(self->count >= self->check_at)) {
        Counter_look(self, p->length, c->worker, c->instance->number);
    } else {
        self->count++;
        self->byte_count += p->length;
    }
    return 0;
}

static inline long Counter_call_reset(struct Counter *self, const struct Counter_args *args, const void *in,
                                      size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)in, (void)n, (void)out, (void)room;
    /* The averages go on: what the running epoch has counted so far stays in it. */
    Counter_fold(self, now(c));
    self->epoch_count -= self->count;
    self->epoch_bytes -= self->byte_count;
    self->count = self->byte_count = 0;
    self->count_triggered = self->byte_triggered = false;
    self->check_at = 0;
    return 0;
}

/* In: the time (uint64_t, ns). Out: both scaled averages (int64_t), packets first. */
static inline long Counter_call_averages(struct Counter *self, const struct Counter_args *args,
                                         const void *in, size_t n, void *out, size_t room, struct context *c)
{
    (void)args, (void)c;
    if (n < 8 || room < 16)
        return 0;
    Counter_fold(self, load_u64(in));
    memcpy(out, &self->packet_average, 8);
    memcpy((uint8_t *)out + 8, &self->byte_average, 8);
    return 16;
}
