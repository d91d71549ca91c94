/* The runtime's face to the control plane: what Python calls. Nothing here is on the hot path. Everything but
 * nm_runtime_wake and nm_signal_catch is called from one thread, the control plane's. */
#ifndef NMCLICK_RUNTIME_H
#define NMCLICK_RUNTIME_H

#include "nmclick/port.h"
#include "nmclick/program.h"
#include "nmclick/worker.h"

struct runtime;

enum nm_event_kind {
    NM_EVENT_NONE,    /* the deadline has come */
    NM_EVENT_UPCALL,  /* a worker waits for nm_runtime_reply */
    NM_EVENT_WAKE,    /* nm_runtime_wake was called or a signal was caught */
    NM_EVENT_DRAINED, /* what nm_runtime_drain asked for is done; nothing runs until nm_runtime_resume */
};

struct nm_event {
    uint32_t kind;
    uint32_t worker;
    uint32_t element;
    uint32_t call_kind; /* the element's own */
    uint64_t argument;
};

/* Buffers for every port and packet of this run. NULL: see error. */
struct runtime *nm_runtime_create(uint32_t n_buffers, uint32_t buffer_size, char *error, size_t size);
/* Before any port is opened: let packets lie in the memory of the port `spec`, so that nothing is copied on
 * their way through it. nm_runtime_open hands it out for the same spec, and must be asked for the same
 * options. False: the port has none, could not be opened, or its buffers are smaller than asked for; all is
 * as before. */
bool nm_runtime_adopt(struct runtime *rt, const char *spec, const struct nm_port_options *options);
/* Ports are numbered in the order in which they are opened; the runtime closes them. */
struct nm_port *nm_runtime_open(struct runtime *rt, const char *spec, const struct nm_port_options *options,
                                char *error, size_t size);
/* Another number for a port that was opened already: one device read and written by two elements. False: no
 * memory. */
bool nm_runtime_share(struct runtime *rt, uint32_t port);

/* The clock, in ns since the epoch. Simulated time starts at `start` and jumps to the next wake-up whenever
 * every task is idle; a round in which something moved takes NM_SIMULATED_ROUND. Real time can run `speed`
 * times faster than the wall's; with `jump` it skips over waits besides. Simulate before load. */
#define NM_SIMULATED_ROUND 1000
void nm_runtime_simulate(struct runtime *rt, uint64_t start);
void nm_runtime_warp(struct runtime *rt, double speed, bool jump);
uint64_t nm_runtime_now(struct runtime *rt);

/* Allocate the program's state, one part a worker, and run every init, in the calling thread. 0, or the
 * number
 * + 1 of the element that refused, its reason in error (UINT32_MAX: the program itself cannot be run). Names
 * are for logs; they stay the caller's. */
uint32_t nm_runtime_load(struct runtime *rt, const struct nm_program *program, const char *const *names,
                         char *error, size_t size);

/* Start the worker threads, on processor `cpu` and up (negative: wherever). They are parked until
 * nm_runtime_unpark. 0 or -errno. */
int nm_runtime_start(struct runtime *rt, int cpu);

/* Hold every worker between two batches, and let them go on. Nested. A worker that waits for an upcall's
 * answer counts as parked. While parked (and only then) the state may be read and written, and calls made. */
void nm_runtime_park(struct runtime *rt);
void nm_runtime_unpark(struct runtime *rt);
long nm_runtime_call(struct runtime *rt, uint32_t worker, uint32_t call, const void *in, size_t n, void *out,
                     size_t room);
void *nm_runtime_state(struct runtime *rt, uint32_t worker);

/* A task may be unscheduled and scheduled again, as Click's `scheduled` handler does. While parked. */
void nm_runtime_schedule(struct runtime *rt, uint32_t task, bool scheduled);
bool nm_runtime_scheduled(struct runtime *rt, uint32_t task);
/* A task's share of its worker, in Click's tickets (at least 1): relative to the task that has the most.
 * While parked. */
uint32_t nm_runtime_tickets(struct runtime *rt, uint32_t task);
void nm_runtime_set_tickets(struct runtime *rt, uint32_t task, uint32_t tickets);

/* Wait until something happens, at the latest at `deadline` (ns, in the runtime's own time; NM_NEVER: no
 * time-out). Not while parked. Under simulated time workers run only inside this call and the clock never
 * passes `deadline`. */
void nm_runtime_wait(struct runtime *rt, uint64_t deadline, struct nm_event *event);
void nm_runtime_reply(struct runtime *rt, uint32_t worker, long answer);
/* Make nm_runtime_wait return. Async-signal-safe, from any thread. */
void nm_runtime_wake(struct runtime *rt);

/* From now on leave out the tasks i with skip[i] (sources), until nothing moves any more: NM_EVENT_DRAINED.
 * Ends in any case, once as many packets moved as the buffers can hold at every task. */
void nm_runtime_drain(struct runtime *rt, const uint8_t *skip);
void nm_runtime_resume(struct runtime *rt);

/* Catch a signal for this runtime: it wakes the control plane and is kept until asked for (bit `signal` of
 * the result, which is then clear). With `once` the next one of all those caught `once` has its default
 * effect: a second Ctrl-C ends the process whatever state it is in. 0 or -errno. */
int nm_signal_catch(struct runtime *rt, int signal, bool once);
uint64_t nm_signals_caught(void);

/* End the threads and flush the ports. The state stays readable, as if parked. Number of ports with a late
 * error (their `warning` says which). */
unsigned nm_runtime_stop(struct runtime *rt);
/* Run every cleanup, close the ports, free everything. Buffers that nobody gave back: 0 unless something
 * leaks. */
uint32_t nm_runtime_destroy(struct runtime *rt);

/* Accounting, readable at any time without stopping anybody. */
struct nm_task_counters {
    uint64_t calls, idle_calls, packets;
};
struct nm_port_counters {
    uint64_t rx_packets, rx_bytes, rx_drops, tx_packets, tx_bytes, tx_drops;
    uint64_t waiting; /* slots received and not yet read, or written and not yet sent */
    uint64_t drops_by[NM_DROP_REASONS];
};
struct nm_worker_counters {
    uint64_t rounds, sleeps;
    uint64_t no_buffer; /* packets lost because the pool was empty */
    uint32_t free_buffers, buffers;
};
void nm_runtime_task_counters(const struct runtime *rt, uint32_t task, struct nm_task_counters *counters);
void nm_runtime_port_counters(const struct runtime *rt, uint32_t port, struct nm_port_counters *counters);
void nm_runtime_worker_counters(const struct runtime *rt, struct nm_worker_counters *counters);

#endif
