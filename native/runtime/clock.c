/* Time: the wall's, warped, or simulated. */
#define _GNU_SOURCE
#include "internal.h"

uint64_t clock_real(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool warped(const struct clock *clock)
{
    return clock->real_base != 0;
}

uint64_t clock_now(struct runtime *rt)
{
    const struct clock *clock = &rt->clock;
    if (clock->simulated)
        return atomic_load_explicit(&clock->simulated_now, memory_order_relaxed);
    uint64_t real = clock_real();
    if (likely(!warped(clock)))
        return real;
    return clock->base + (uint64_t)((double)(real - clock->real_base) * clock->speed);
}

uint64_t clock_wait(struct runtime *rt, uint64_t when)
{
    uint64_t now = clock_now(rt);
    if (when <= now)
        return 0;
    double ns = warped(&rt->clock) ? (double)(when - now) / rt->clock.speed : (double)(when - now);
    return ns < 1e18 ? (uint64_t)ns : NM_NEVER;
}

void clock_advance(struct runtime *rt, uint64_t when)
{
    struct clock *clock = &rt->clock;
    pthread_mutex_lock(&rt->lock);
    uint64_t now = atomic_load_explicit(&clock->simulated_now, memory_order_relaxed);
    when = earlier(when, clock->deadline);
    if (when > now && when != NM_NEVER)
        atomic_store_explicit(&clock->simulated_now, now = when, memory_order_relaxed);
    if (now >= clock->deadline) {
        control_notify(rt);
        while (now >= clock->deadline && rt->parks == 0 && rt->mode != MODE_STOP)
            pthread_cond_wait(&rt->control_changed, &rt->lock);
    }
    pthread_mutex_unlock(&rt->lock);
}

void clock_jump(struct runtime *rt, uint64_t when)
{
    uint64_t now = clock_now(rt);
    pthread_mutex_lock(&rt->lock);
    when = earlier(when, rt->clock.deadline);
    if (when != NM_NEVER && when > now)
        rt->clock.base += when - now;
    pthread_mutex_unlock(&rt->lock);
    control_notify(rt);
}

void nm_runtime_simulate(struct runtime *rt, uint64_t start)
{
    rt->clock.simulated = true;
    atomic_store(&rt->clock.simulated_now, start);
}

void nm_runtime_warp(struct runtime *rt, double speed, bool jump)
{
    nm_runtime_park(rt);
    uint64_t now = clock_now(rt);
    rt->clock.base = now;
    rt->clock.speed = speed;
    rt->clock.jump = jump;
    rt->clock.real_base = clock_real();
    nm_runtime_unpark(rt);
}

uint64_t nm_runtime_now(struct runtime *rt)
{
    return clock_now(rt);
}
