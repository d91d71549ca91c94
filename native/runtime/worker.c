/* A worker's life: run every task in turn; when a whole round moved nothing, sleep until a port, the time or
 * the control plane has something to do. */
#define _GNU_SOURCE
#include "internal.h"

#include <sys/prctl.h>
#include <unistd.h>

/* A port that is ready and whose packets nobody takes (an unscheduled source) must not keep the processor
 * busy. */
#define VAIN_SLEEP 1000000u
/* Room in a ring whose other direction is another worker's is not waited for but looked for. */
#define FOREIGN_SLEEP 100000u

static bool must_wait(const struct runtime *rt)
{
    return rt->mode != MODE_STOP && (rt->parks || rt->mode == MODE_DRAINED);
}

/* False: the thread ends. */
static bool hold(struct thread *t)
{
    struct runtime *rt = t->worker.runtime;
    pthread_mutex_lock(&rt->lock);
    while (must_wait(rt)) {
        t->held = true;
        pthread_cond_broadcast(&rt->worker_changed);
        pthread_cond_wait(&rt->control_changed, &rt->lock);
    }
    t->held = false;
    bool go_on = rt->mode != MODE_STOP;
    pthread_mutex_unlock(&rt->lock);
    return go_on;
}

/* A round of a drain is over. Done when no worker moved anything after the last one that did. */
static void drain_round(struct thread *t, bool moved)
{
    struct runtime *rt = t->worker.runtime;
    bool done = !moved;
    pthread_mutex_lock(&rt->lock);
    t->idle = !moved;
    for (unsigned i = 0; i < rt->n_threads; i++) {
        if (moved)
            rt->threads[i].idle = false;
        done = done && rt->threads[i].idle;
    }
    if (done && rt->mode == MODE_DRAIN)
        rt->mode = MODE_DRAINED;
    pthread_mutex_unlock(&rt->lock);
    if (done)
        control_notify(rt);
}

/* Buffers flow from the workers that packets end at to those they start at. */
static void share_buffers(struct thread *t)
{
    struct worker *w = &t->worker;
    struct nm_region *region = w->runtime->region;
    const uint64_t share = t->share;
    if (w->free_count < share / 2) {
        w->free_count +=
            nm_region_take(region, w->free_list + w->free_count, (uint32_t)(share - w->free_count));
    } else if (w->free_count > share + share / 2) {
        uint32_t surplus = (uint32_t)(w->free_count - share);
        w->free_count -= surplus;
        nm_region_give(region, w->free_list + w->free_count, surplus);
    }
}

/* Others may have been given packets while they slept. */
static void wake_others(struct thread *t)
{
    struct runtime *rt = t->worker.runtime;
    atomic_thread_fence(memory_order_seq_cst);
    for (unsigned i = 0; i < rt->n_threads; i++)
        if (&rt->threads[i] != t && atomic_load_explicit(&rt->threads[i].asleep, memory_order_relaxed) &&
            atomic_exchange(&rt->threads[i].asleep, false))
            thread_wake(&rt->threads[i]);
}

void worker_pause(struct worker *w)
{
    hold(&w->runtime->threads[w->index]);
}

static void run_timers(struct thread *t)
{
    struct worker *w = &t->worker;
    uint64_t next = NM_NEVER;
    for (uint32_t i = 0; i < w->program->n_timers; i++) {
        if (t->timers[i] <= w->now)
            t->timers[i] = w->program->timers[i](w->state, w);
        next = earlier(next, t->timers[i]);
    }
    t->next_timer = next;
    w->busy = true;
}

/* Tasks with fewer tickets than others have fewer turns, as long as the others do something with theirs. */
static bool its_turn(const struct thread *t, struct task *task)
{
    if (!t->moved)
        return true;
    task->credit += task_tickets(task);
    if (task->credit < t->most_tickets)
        return false;
    task->credit -= t->most_tickets;
    return true;
}

/* One turn of every task. False: nothing moved. */
static bool run_round(struct thread *t, bool draining)
{
    struct worker *w = &t->worker;
    struct runtime *rt = w->runtime;
    uint64_t moved = 0;
    bool passed_over = false,
         worked = false; /* a task that does nothing takes no time worth a look at the clock */
    w->busy = false;
    w->wake_at = NM_NEVER;
    w->now = clock_now(rt);
    t->rounds++;
    if (unlikely(w->now >= t->next_timer) && !draining)
        run_timers(t);
    for (uint32_t n_tasks = w->program->n_tasks, n = 0; n < n_tasks; n++) {
        struct task *task = &t->tasks[t->turn];
        t->turn = t->turn + 1 == n_tasks ? 0 : t->turn + 1;
        if (!task->mine || !task->scheduled || (draining && task->skipped))
            continue;
        if (unlikely(t->most_tickets) && !its_turn(t, task)) {
            passed_over = true;
            continue;
        }
        if (worked)
            w->now = clock_now(rt);
        unsigned packets = task->run(w->state, w);
        worked = packets || w->busy;
        task->counters.calls++;
        task->counters.idle_calls += packets == 0;
        task->counters.packets += packets;
        moved += packets;
        /* After a source's last packet the control plane may not want the others to have their turn. */
        if (unlikely(atomic_load_explicit(&rt->attention, memory_order_relaxed)) && !draining)
            return true;
    }
    if (w->n_workers > 1) {
        share_buffers(t);
        if (moved && w->program->crossing)
            wake_others(t);
    }
    if (unlikely(draining)) {
        if (moved >= t->drain_budget)
            return false;
        t->drain_budget -= moved;
    }
    t->moved = moved;
    return moved || w->busy || passed_over;
}

/* A full ring that the program could not empty into waits for room, a reading one for packets. Who shares a
 * ring with other workers must not look at it here, and looks again after a while (elements/io/transmit.h).
 */
static short wanted_events(struct worker *w, const struct nm_port *port, unsigned ring)
{
    bool reads = ring < port->n_rx_rings && nm_ring_is_of(&port->rx[ring], w->index);
    short events = reads && !port->finished ? POLLIN : 0;
    if (ring < port->n_tx_rings && !port->tx[ring].shared && nm_ring_is_of(&port->tx[ring], w->index) &&
        port->tx[ring].ring->head == port->tx[ring].hwtail) {
        if (reads || ring >= port->n_rx_rings || w->n_workers == 1)
            events |= POLLOUT;
        else
            wake_at(w, w->now + FOREIGN_SLEEP);
    }
    return events;
}

static nfds_t collect(struct thread *t)
{
    struct runtime *rt = t->worker.runtime;
    nfds_t n = 0;
    t->polled[n++] = (struct pollfd){.fd = t->wake_fd, .events = POLLIN};
    if (t->in_vain)
        return n;
    for (uint32_t i = 0; i < rt->n_ports; i++) {
        struct nm_port *port = rt->ports[i];
        for (unsigned ring = 0; is_first_number(rt, i) && ring < nm_port_rings(port); ring++) {
            short events = wanted_events(&t->worker, port, ring);
            int fd = events && port->ops->wait ? port->ops->wait(port, ring, &events) : -1;
            if (fd >= 0)
                t->polled[n++] = (struct pollfd){.fd = fd, .events = events};
        }
    }
    return n;
}

static void sleep_until(struct thread *t, nfds_t n, uint64_t when)
{
    uint64_t ns = when == NM_NEVER ? NM_NEVER : clock_wait(t->worker.runtime, when);
    if (t->in_vain)
        ns = earlier(ns, VAIN_SLEEP);
    struct timespec wait = to_timespec(ns);
    t->sleeps++;
    int ready = ppoll(t->polled, n, ns == NM_NEVER ? NULL : &wait, NULL);
    t->port_ready = ready > 0 && !t->polled[0].revents;
    if (ready > 0 && t->polled[0].revents) {
        uint64_t count;
        (void)!read(t->wake_fd, &count, sizeof count);
    }
}

static void idle(struct thread *t)
{
    struct runtime *rt = t->worker.runtime;
    t->in_vain = t->port_ready;
    t->port_ready = false;
    nfds_t n = collect(t);
    uint64_t until = earlier(t->worker.wake_at, t->next_timer);
    const bool jumps = rt->clock.jump && rt->n_threads == 1; /* others may be busy */
    if (!rt->clock.simulated && !jumps) {
        sleep_until(t, n, until);
        return;
    }
    /* Time need not pass: what is there to be read goes first, then the clock jumps. */
    pthread_mutex_lock(&rt->lock);
    uint64_t limit = earlier(until, rt->clock.deadline);
    pthread_mutex_unlock(&rt->lock);
    if (limit == NM_NEVER || (!rt->clock.simulated && limit <= clock_now(rt))) {
        sleep_until(t, n, until);
        return;
    }
    struct timespec at_once = {0};
    if (n > 1 && ppoll(t->polled + 1, n - 1, &at_once, NULL) > 0) {
        t->port_ready = true;
        return;
    }
    if (rt->clock.simulated)
        clock_advance(rt, until);
    else
        clock_jump(rt, until);
}

/* Announce the sleep, then look once more: whoever puts packets there after that look sees the announcement.
 */
static bool look_again(struct thread *t)
{
    atomic_store(&t->asleep, true);
    atomic_thread_fence(memory_order_seq_cst);
    if (!run_round(t, false))
        return true;
    atomic_store(&t->asleep, false);
    return false;
}

void *thread_main(void *thread)
{
    struct thread *t = thread;
    struct runtime *rt = t->worker.runtime;
    prctl(PR_SET_TIMERSLACK, 1); /* the default of 50 us would blur the rate of timed sources */
    for (;;) {
        bool draining = false;
        if (unlikely(atomic_load_explicit(&rt->attention, memory_order_relaxed))) {
            if (!hold(t))
                return NULL;
            pthread_mutex_lock(&rt->lock);
            draining = rt->mode == MODE_DRAIN;
            pthread_mutex_unlock(&rt->lock);
        }
        bool moved = run_round(t, draining);
        if (unlikely(draining)) {
            drain_round(t, moved);
        } else if (likely(moved)) {
            t->port_ready = false;
            if (rt->clock.simulated)
                clock_advance(rt, clock_now(rt) + NM_SIMULATED_ROUND);
        } else if (!t->worker.program->crossing || look_again(t)) {
            idle(t);
            atomic_store_explicit(&t->asleep, false, memory_order_relaxed);
        }
    }
}
