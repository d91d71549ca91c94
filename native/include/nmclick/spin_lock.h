/* A lock for a few instructions at a time, between workers that each have a processor. */
#ifndef NMCLICK_SPIN_LOCK_H
#define NMCLICK_SPIN_LOCK_H

#include <sched.h>

#include "nmclick/bytes.h"

#define SPIN_LOCK_TURNS 1000 /* looks before giving the processor away: the holder may wait for it */

struct spin_lock {
    uint32_t held;
};

/* Let the other thread of the core have its way. */
static always_inline void spin_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Until it looks free, or the processor was given away once. */
static inline void spin_lock_wait(struct spin_lock *lock)
{
    for (unsigned turn = 0; __atomic_load_n(&lock->held, __ATOMIC_RELAXED); turn++) {
        if (turn == SPIN_LOCK_TURNS) {
            sched_yield();
            return;
        }
        spin_pause();
    }
}

static always_inline bool spin_lock_try(struct spin_lock *lock)
{
    return !__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE);
}

static always_inline void spin_lock(struct spin_lock *lock)
{
    while (unlikely(!spin_lock_try(lock)))
        spin_lock_wait(lock);
}

static always_inline void spin_unlock(struct spin_lock *lock)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

#endif
