/* A worker: one native thread, its share of the buffers, its clock. */
#ifndef NMCLICK_WORKER_H
#define NMCLICK_WORKER_H

#include "nmclick/bytes.h"
#include "nmclick/port.h"
#include "nmclick/spin_lock.h"

#define NM_NEVER UINT64_MAX

struct runtime;
struct nm_program;

struct worker {
    uint8_t *buffers;     /* address of buffer 0 of the pipeline's region */
    uint32_t buffer_size; /* bytes from one buffer to the next */
    uint64_t free_count;  /* entries on free_list */
    uint32_t *free_list; /* buffer indexes this worker may hand out; last freed, first used: still in cache */
    uint64_t now;        /* ns since the epoch, read once per batch (simulated under --simtime) */
    uint64_t wake_at; /* when the idle worker must look again, at the latest; NM_NEVER: not for time's sake */
    struct nm_port **ports; /* the ports the pipeline was compiled for, by number */
    void *state;            /* this worker's part of the program's state */
    void *home;             /* the first worker's, where shared elements live */
    const struct nm_program *program;
    struct runtime *runtime;
    uint64_t no_buffer;        /* packets lost because the pool was empty */
    uint64_t misdirected;      /* packets emitted to an output that does not exist */
    const unsigned *attention; /* not zero: the control plane waits */
    bool busy;                 /* some task did something in this round */
    unsigned index, n_workers;
    char error[256]; /* why the last init failed */
};

/* Whether the control plane wants this worker to stop between two batches. */
static always_inline bool worker_interrupted(const struct worker *w)
{
    return __atomic_load_n(w->attention, __ATOMIC_RELAXED) != 0;
}

/* Under AddressSanitizer a buffer's bytes behind its packet are off limits: every read past a packet's end is
 * found, although all buffers lie in one mapping. In other builds these vanish. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* clang */
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define guard_open(at, n) ASAN_UNPOISON_MEMORY_REGION(at, n)
#define guard_close(at, n) ASAN_POISON_MEMORY_REGION(at, n)
#else
#define guard_open(at, n) ((void)0)
#define guard_close(at, n) ((void)0)
#endif

/* A free buffer, or 0 when the pool is empty: the caller drops and counts. */
static always_inline uint32_t buffer_take(struct worker *w)
{
    if (unlikely(!w->free_count))
        return 0;
    return w->free_list[--w->free_count];
}

static always_inline uint8_t *buffer_address(const struct worker *w, uint32_t buffer)
{
    return w->buffers + (size_t)buffer * w->buffer_size;
}

static always_inline void buffer_free(struct worker *w, uint32_t buffer)
{
    guard_open(buffer_address(w, buffer), w->buffer_size);
    w->free_list[w->free_count++] = buffer;
}

/* Look at me again at `when` (ns) even if nothing else happens. */
static always_inline void wake_at(struct worker *w, uint64_t when)
{
    if (when < w->wake_at)
        w->wake_at = when;
}

/* Slow-path services of the runtime (native/runtime). */

/* Stop this worker here, let the control plane's half of the element answer, return its answer.
 * `kind` is the element's own; used for ends of sources and packet scripts, never in a hot path. */
long worker_upcall(struct worker *w, unsigned element, unsigned kind, uint64_t argument);

/* Where this worker waits for another in the middle of a batch: let the control plane have its way meanwhile.
 */
void worker_pause(struct worker *w);

/* Take the lock of an element. Its holder may be waiting for the control plane (an upcall), which holds the
 * workers. */
static always_inline void worker_lock(struct worker *w, struct spin_lock *lock)
{
    while (unlikely(!spin_lock_try(lock))) {
        spin_lock_wait(lock);
        if (worker_interrupted(w))
            worker_pause(w);
    }
}

/* Zeroed memory that lives as long as the program; NULL when there is none. */
void *worker_alloc(struct worker *w, size_t size);

/* One line "NAME: text" to standard error, kept whole among several writers. */
void worker_log(struct worker *w, unsigned element, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Text to standard error as it is (Print). */
void worker_write(struct worker *w, const char *text, size_t length);

#endif
