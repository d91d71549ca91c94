/* What a compiled configuration exports to the runtime: one constant, `nm_program`. */
#ifndef NMCLICK_PROGRAM_H
#define NMCLICK_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NM_PROGRAM_ABI 3
#define NM_EVERY_WORKER (-1)

struct worker;

struct nm_program {
    uint32_t abi;
    uint32_t n_elements, n_tasks, n_timers, n_calls, n_fields, n_drops;
    size_t state_size; /* of one worker's state */
    size_t packet_size;
    uint32_t n_workers;
    bool crossing; /* packets go from one worker to another (by a queue): who has put some there wakes
                      sleepers */
    /* Run once for every worker, the first one first; what all share is in the first one's state. 0, or the
     * number + 1 of the element whose init failed (worker->error says why). */
    uint32_t (*init)(void *state, struct worker *w);
    void (*cleanup)(void *state, struct worker *w);
    /* One turn of task i: packets moved. */
    unsigned (*const *tasks)(void *state, struct worker *w);
    /* Runs timer i, returns when it wants to run again (ns). */
    uint64_t (*const *timers)(void *state, struct worker *w);
    long (*const *calls)(void *state, struct worker *w, const void *in, size_t n, void *out, size_t room);
    const uint32_t *task_elements; /* n_tasks element numbers */
    const uint32_t *timer_elements;
    const int16_t *task_workers; /* which worker runs it, or NM_EVERY_WORKER */
    const int16_t *timer_workers;
    /* Where handlers find the fields they show, in the order the compiler numbered them. */
    const uint32_t *field_offsets, *field_sizes;
    /* Offset of each element's drop counters (n_elements entries; 0: it has none). */
    const uint32_t *drop_offsets;
};

extern const struct nm_program nm_program;

#endif
