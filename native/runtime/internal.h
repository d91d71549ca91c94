/* What the files of the runtime share. */
#ifndef NMCLICK_RUNTIME_INTERNAL_H
#define NMCLICK_RUNTIME_INTERNAL_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "nmclick/lines.h"
#include "nmclick/region.h"
#include "nmclick/runtime.h"

struct task {
    unsigned (*run)(void *state, struct worker *w);
    bool mine; /* this worker is to run it */
    bool scheduled;
    bool skipped;             /* while draining */
    uint32_t tickets, credit; /* it has a turn in tickets/most_tickets of the rounds */
    struct nm_task_counters counters;
};

struct allocation {
    struct allocation *next;
    void *memory;
    size_t mapped; /* bytes of a mapping, or 0: from the heap */
};

struct upcall {
    bool waiting, reported, answered;
    uint32_t element, kind;
    uint64_t argument;
    long answer;
};

/* A worker and the thread that runs it. The first part is the worker's own; `held` and `upcall` are guarded
 * by the runtime's lock. */
struct thread {
    struct worker worker;
    pthread_t id;
    bool started;
    int wake_fd; /* eventfd: ends a sleep */
    struct task *tasks;
    uint32_t turn;         /* the task that is next */
    uint32_t most_tickets; /* of any of its tasks; 0: all have the same */
    bool moved;            /* something did in the last round */
    uint64_t share;        /* of the buffers, that it keeps about */
    uint64_t *timers;      /* next time of each */
    uint64_t next_timer;
    struct pollfd *polled;
    struct allocation *allocations;
    uint64_t rounds, sleeps;
    uint64_t drain_budget;            /* packets that may still move */
    bool port_ready;                  /* a port ended the last sleep */
    bool in_vain;                     /* ... and nothing moved after that */
    bool idle;                        /* nothing moved in its last round of a drain */
    _Alignas(64) _Atomic bool asleep; /* to be woken when packets cross */
    bool held;
    struct upcall upcall;
};

enum mode { MODE_RUN, MODE_DRAIN, MODE_DRAINED, MODE_STOP };

struct clock {
    bool simulated, jump;
    double speed;
    uint64_t real_base; /* now = base + (real - real_base) * speed; 0: now is the real time */
    _Atomic uint64_t base;
    _Atomic uint64_t simulated_now;
    uint64_t deadline; /* time may jump up to here, 0: not at all; guarded by the runtime's lock */
};

struct runtime {
    struct nm_region *region;
    uint32_t n_buffers, buffer_size; /* as asked for */
    struct nm_port *adopted; /* the port whose memory the region is, until it is opened by its number */
    char *adopted_spec;
    struct nm_port **ports;
    uint32_t n_ports;
    struct clock clock;
    const struct nm_program *program;
    const char *const *names;
    struct thread *threads;
    unsigned n_threads;

    /* Looked at once a round: not zero when a worker must stop to think (parked, or another mode than
     * MODE_RUN). */
    _Alignas(64) _Atomic unsigned attention;

    _Alignas(64) pthread_mutex_t lock;
    pthread_cond_t worker_changed;  /* a worker was held, waits for an answer, ... */
    pthread_cond_t control_changed; /* hold, mode, deadline, answers */
    unsigned parks;                 /* nested requests to hold */
    enum mode mode;
    bool drain_reported;
    int wake_pipe[2]; /* what wakes the control plane */
    _Atomic bool woken;
};

uint64_t clock_real(void);
uint64_t clock_now(struct runtime *rt);
/* Wall-clock ns until `when`. */
uint64_t clock_wait(struct runtime *rt, uint64_t when);
/* Simulated time: go on to `when`, but wait for the control plane at its deadline. */
void clock_advance(struct runtime *rt, uint64_t when);
/* Warped time: skip what is left until `when` or the control plane's deadline. */
void clock_jump(struct runtime *rt, uint64_t when);

void *thread_main(void *thread);
void thread_wake(struct thread *t);
void control_notify(struct runtime *rt);
void free_allocations(struct thread *t);
/* No signal reaches a runtime that is being destroyed. */
void forget_signals(struct runtime *rt);

#define DEFAULT_TICKETS 1024u /* Click's */

static inline uint32_t task_tickets(const struct task *task)
{
    return task->tickets ? task->tickets : DEFAULT_TICKETS;
}

/* Buffers that a worker holds when all are shared out; the region keeps a part for those that run short. */
static inline uint32_t nm_worker_share(const struct runtime *rt)
{
    return rt->n_threads == 1 ? nm_region_owned(rt->region)
                              : nm_region_owned(rt->region) / (rt->n_threads + 1);
}

static inline uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline struct timespec to_timespec(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
}

/* Whether no smaller number stands for the same port. */
bool is_first_number(const struct runtime *rt, uint32_t port);

#endif
