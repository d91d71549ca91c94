/* A program by hand: one worker's tasks, timers and calls that do what the state tells them. */
#include <sched.h>
#include <stdlib.h>

#include "nmclick/program.h"
#include "nmclick/worker.h"

struct state {
    uint64_t credit;    /* packets that the source still has */
    uint64_t queued;    /* between source and sink */
    uint64_t moved;     /* by the sink */
    uint64_t fail_init; /* never set: init runs on a zeroed state */
    uint64_t interval;  /* ns between ticks of the clocked task, 0: off */
    uint64_t next;      /* when it ticks next */
    uint64_t ticks, last_tick;
    uint64_t timer_runs, timer_last, timer_interval;
    uint64_t ask, answer; /* ask = n: make an upcall of kind n, once */
    uint64_t spin;        /* the source moves something for ever */
    uint64_t drops[2];
    uint64_t held_buffer;
};

static uint32_t init(void *state, struct worker *w)
{
    struct state *s = state;
    uint64_t *table = worker_alloc(w, (size_t)5 << 20), *small = worker_alloc(w, 100);
    if (!table || !small || table[1000] || small[3] || (uintptr_t)table % 64)
        return 2;
    const char *refusal = getenv("MACHINE_REFUSES");
    if (refusal) {
        strncpy(w->error, refusal, sizeof w->error - 1);
        return 3;
    }
    s->timer_interval = NM_NEVER;
    return 0;
}

static void cleanup(void *state, struct worker *w)
{
    struct state *s = state;
    if (s->held_buffer && !getenv("MACHINE_LEAKS"))
        buffer_free(w, (uint32_t)s->held_buffer);
}

static unsigned source(void *state, struct worker *w)
{
    struct state *s = state;
    if (s->ask) {
        unsigned kind = (unsigned)s->ask;
        s->ask = 0;
        s->answer = (uint64_t)worker_upcall(w, 1, kind, 77);
        w->busy = true;
    }
    if (s->spin)
        return 1;
    unsigned n = s->credit < 8 ? (unsigned)s->credit : 8;
    s->credit -= n;
    s->queued += n;
    return n;
}

static unsigned sink(void *state, struct worker *w)
{
    struct state *s = state;
    (void)w;
    unsigned n = s->queued < 3 ? (unsigned)s->queued : 3;
    s->queued -= n;
    s->moved += n;
    return n;
}

static unsigned clocked(void *state, struct worker *w)
{
    struct state *s = state;
    if (!s->interval)
        return 0;
    if (!s->next)
        s->next = w->now + s->interval;
    if (w->now < s->next) {
        wake_at(w, s->next);
        return 0;
    }
    s->ticks++;
    s->last_tick = w->now;
    s->next += s->interval;
    return 1;
}

static uint64_t timer(void *state, struct worker *w)
{
    struct state *s = state;
    s->timer_runs++;
    s->timer_last = w->now;
    return s->timer_interval == NM_NEVER ? NM_NEVER : w->now + s->timer_interval;
}

static long take_buffer(void *state, struct worker *w, const void *in, size_t n, void *out, size_t room)
{
    struct state *s = state;
    s->held_buffer = buffer_take(w);
    if (n && room)
        memcpy(out, in, n < room ? n : room);
    worker_log(w, 1, "took %s", s->held_buffer ? "one" : "none");
    return (long)n;
}

static long upcall_here(void *state, struct worker *w, const void *in, size_t n, void *out, size_t room)
{
    (void)state, (void)in, (void)n, (void)out, (void)room;
    return worker_upcall(w, 1, 1, 1);
}

static unsigned (*const tasks[])(void *, struct worker *) = {source, sink, clocked};
static uint64_t (*const timers[])(void *, struct worker *) = {timer};
static long (*const calls[])(void *, struct worker *, const void *, size_t, void *, size_t) = {take_buffer,
                                                                                               upcall_here};
static const uint32_t task_elements[] = {0, 1, 2}, timer_elements[] = {2};
static const int16_t task_workers[] = {0, 0, 0}, timer_workers[] = {0};
#define FIELD(name) offsetof(struct state, name)
static const uint32_t offsets[] = {FIELD(credit),     FIELD(queued),         FIELD(moved), FIELD(interval),
                                   FIELD(ticks),      FIELD(last_tick),      FIELD(ask),   FIELD(answer),
                                   FIELD(timer_runs), FIELD(timer_interval), FIELD(spin),  FIELD(timer_last)};
static const uint32_t sizes[] = {8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8};
static const uint32_t drops[] = {FIELD(drops), 0, 0};

__attribute__((visibility("default"))) const struct nm_program nm_program = {
    .abi = NM_PROGRAM_ABI,
    .n_elements = 3,
    .n_tasks = 3,
    .n_timers = 1,
    .n_calls = 2,
    .n_fields = 12,
    .n_drops = 2,
    .state_size = sizeof(struct state),
    .packet_size = 16,
    .init = init,
    .cleanup = cleanup,
    .tasks = tasks,
    .timers = timers,
    .calls = calls,
    .n_workers = 1,
    .task_workers = task_workers,
    .timer_workers = timer_workers,
    .task_elements = task_elements,
    .timer_elements = timer_elements,
    .field_offsets = offsets,
    .field_sizes = sizes,
    .drop_offsets = drops,
};
