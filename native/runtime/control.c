/* The control plane's side: hold the workers, wait for what they have to say, answer. */
#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <unistd.h>

void thread_wake(struct thread *t)
{
    uint64_t one = 1;
    (void)!write(t->wake_fd, &one, sizeof one);
}

void control_notify(struct runtime *rt)
{
    (void)!write(rt->wake_pipe[1], "", 1); /* full: it is awake anyway */
}

void nm_runtime_wake(struct runtime *rt)
{
    int saved = errno;
    atomic_store(&rt->woken, true);
    control_notify(rt);
    errno = saved;
}

/* Workers see a change of parks or mode at their next round, sleepers at once. Called with the lock held. */
static void announce(struct runtime *rt)
{
    atomic_store(&rt->attention, rt->parks || rt->mode != MODE_RUN);
    pthread_cond_broadcast(&rt->control_changed);
    for (unsigned i = 0; i < rt->n_threads; i++)
        thread_wake(&rt->threads[i]);
}

static bool all_held(const struct runtime *rt)
{
    for (unsigned i = 0; i < rt->n_threads; i++) {
        const struct thread *t = &rt->threads[i];
        if (t->started && !t->held && !t->upcall.waiting)
            return false;
    }
    return true;
}

void nm_runtime_park(struct runtime *rt)
{
    pthread_mutex_lock(&rt->lock);
    if (rt->parks++ == 0)
        announce(rt);
    while (!all_held(rt))
        pthread_cond_wait(&rt->worker_changed, &rt->lock);
    pthread_mutex_unlock(&rt->lock);
}

void nm_runtime_unpark(struct runtime *rt)
{
    pthread_mutex_lock(&rt->lock);
    if (rt->parks && --rt->parks == 0)
        announce(rt);
    pthread_mutex_unlock(&rt->lock);
}

static bool next_event(struct runtime *rt, struct nm_event *event)
{
    for (unsigned i = 0; i < rt->n_threads; i++) {
        struct upcall *up = &rt->threads[i].upcall;
        if (up->waiting && !up->reported) {
            up->reported = true;
            *event = (struct nm_event){NM_EVENT_UPCALL, i, up->element, up->kind, up->argument};
            return true;
        }
    }
    if (atomic_exchange(&rt->woken, false)) {
        event->kind = NM_EVENT_WAKE;
        return true;
    }
    if (rt->mode == MODE_DRAINED && !rt->drain_reported) {
        rt->drain_reported = true;
        event->kind = NM_EVENT_DRAINED;
        return true;
    }
    return false;
}

static void empty_pipe(int fd)
{
    char bytes[64];
    while (read(fd, bytes, sizeof bytes) == sizeof bytes)
        ;
}

static void wait_for_event(struct runtime *rt, uint64_t deadline, struct nm_event *event)
{
    for (;;) {
        empty_pipe(rt->wake_pipe[0]);
        pthread_mutex_lock(&rt->lock);
        bool found = next_event(rt, event);
        pthread_mutex_unlock(&rt->lock);
        if (found || clock_now(rt) >= deadline)
            return;
        struct pollfd polled = {.fd = rt->wake_pipe[0], .events = POLLIN};
        uint64_t ns = deadline == NM_NEVER || rt->clock.simulated ? NM_NEVER : clock_wait(rt, deadline);
        struct timespec wait = to_timespec(ns);
        ppoll(&polled, 1, ns == NM_NEVER ? NULL : &wait, NULL);
    }
}

void nm_runtime_wait(struct runtime *rt, uint64_t deadline, struct nm_event *event)
{
    *event = (struct nm_event){.kind = NM_EVENT_NONE};
    pthread_mutex_lock(&rt->lock);
    rt->clock.deadline = deadline;
    if (rt->clock.simulated)
        rt->parks--; /* the one that nm_runtime_start and the last wait left behind */
    if (rt->clock.simulated || rt->clock.jump)
        announce(rt);
    pthread_mutex_unlock(&rt->lock);
    wait_for_event(rt, deadline, event);
    if (rt->clock.simulated)
        nm_runtime_park(rt);
    pthread_mutex_lock(&rt->lock);
    rt->clock.deadline = 0;
    pthread_mutex_unlock(&rt->lock);
}

void nm_runtime_reply(struct runtime *rt, uint32_t worker, long answer)
{
    if (worker >= rt->n_threads)
        return;
    struct upcall *up = &rt->threads[worker].upcall;
    pthread_mutex_lock(&rt->lock);
    up->answer = answer;
    up->answered = true;
    pthread_cond_broadcast(&rt->control_changed);
    pthread_mutex_unlock(&rt->lock);
}

/* Until the answer has come and nobody wants the workers held: what follows runs the pipeline again. */
long worker_upcall(struct worker *w, unsigned element, unsigned kind, uint64_t argument)
{
    struct runtime *rt = w->runtime;
    struct thread *t = &rt->threads[w->index];
    if (!t->started || !pthread_equal(t->id, pthread_self()))
        return -1;
    struct upcall *up = &t->upcall;
    pthread_mutex_lock(&rt->lock);
    *up = (struct upcall){
        .waiting = true, .element = element, .kind = kind, .argument = argument, .answer = -1};
    pthread_cond_broadcast(&rt->worker_changed);
    control_notify(rt);
    while ((!up->answered || rt->parks) && rt->mode != MODE_STOP)
        pthread_cond_wait(&rt->control_changed, &rt->lock);
    up->waiting = false;
    long answer = up->answer;
    pthread_mutex_unlock(&rt->lock);
    w->busy = true; /* handlers may have given other tasks something to do */
    return answer;
}

void nm_runtime_drain(struct runtime *rt, const uint8_t *skip)
{
    nm_runtime_park(rt);
    pthread_mutex_lock(&rt->lock);
    for (unsigned i = 0; i < rt->n_threads; i++) {
        struct thread *t = &rt->threads[i];
        for (uint32_t task = 0; task < rt->program->n_tasks; task++)
            t->tasks[task].skipped = skip[task];
        t->drain_budget = (uint64_t)rt->region->n_buffers * rt->program->n_tasks;
    }
    rt->mode = MODE_DRAIN;
    for (unsigned i = 0; i < rt->n_threads; i++)
        rt->threads[i].idle = false;
    rt->drain_reported = false;
    pthread_mutex_unlock(&rt->lock);
    nm_runtime_unpark(rt);
}

void nm_runtime_resume(struct runtime *rt)
{
    pthread_mutex_lock(&rt->lock);
    if (rt->mode != MODE_STOP)
        rt->mode = MODE_RUN;
    announce(rt);
    pthread_mutex_unlock(&rt->lock);
}

unsigned nm_runtime_stop(struct runtime *rt)
{
    pthread_mutex_lock(&rt->lock);
    rt->mode = MODE_STOP;
    announce(rt);
    pthread_mutex_unlock(&rt->lock);
    for (unsigned i = 0; i < rt->n_threads; i++)
        if (rt->threads[i].started) {
            pthread_join(rt->threads[i].id, NULL);
            rt->threads[i].started = false;
        }
    unsigned late = 0;
    for (uint32_t i = 0; i < rt->n_ports; i++)
        late += nm_port_flush(rt->ports[i]) < 0 || rt->ports[i]->warning != NULL;
    return late;
}
