/* Building a run and taking it down: memory, ports, the program's state, threads. */
#define _GNU_SOURCE
#include "internal.h"

#include "../netmap/region.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct runtime *nm_runtime_create(uint32_t n_buffers, uint32_t buffer_size, char *error, size_t size)
{
    struct nm_region *region = nm_region_create(n_buffers, buffer_size, error, size);
    if (!region)
        return NULL;
    struct runtime *rt = aligned_alloc(64, (sizeof *rt + 63) & ~(size_t)63);
    if (!rt) {
        snprintf(error, size, "out of memory");
        nm_region_destroy(region);
        return NULL;
    }
    memset(rt, 0, sizeof *rt);
    rt->region = region;
    rt->n_buffers = n_buffers;
    rt->buffer_size = buffer_size;
    rt->clock.speed = 1;
    pthread_mutex_init(&rt->lock, NULL);
    pthread_cond_init(&rt->worker_changed, NULL);
    pthread_cond_init(&rt->control_changed, NULL);
    if (pipe2(rt->wake_pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
        snprintf(error, size, "cannot make a pipe: %s", strerror(errno));
        rt->wake_pipe[0] = rt->wake_pipe[1] = -1;
        nm_runtime_destroy(rt);
        return NULL;
    }
    return rt;
}

static bool make_port_room(struct runtime *rt)
{
    struct nm_port **ports = realloc(rt->ports, (rt->n_ports + 1) * sizeof *ports);
    if (ports)
        rt->ports = ports;
    return ports;
}

bool nm_runtime_adopt(struct runtime *rt, const char *spec, const struct nm_port_options *options)
{
    char ignored[256];
    struct nm_port_options wanted = *options;
    wanted.buffers = rt->n_buffers;
    if (rt->n_ports || rt->adopted || nm_port_memory(spec) <= 0)
        return false;
    struct nm_port *port = nm_port_open(spec, NULL, &wanted, ignored, sizeof ignored);
    if (!port)
        return false;
    char *name = strdup(spec);
    if (!name || port->region->buffer_size < rt->buffer_size) {
        free(name);
        nm_port_close(port);
        return false;
    }
    nm_region_destroy(rt->region);
    rt->region = port->region;
    nm_region_hold(rt->region);
    rt->adopted = port;
    rt->adopted_spec = name;
    return true;
}

static struct nm_port *take_adopted(struct runtime *rt, const char *spec)
{
    struct nm_port *port = rt->adopted && strcmp(rt->adopted_spec, spec) == 0 ? rt->adopted : NULL;
    if (port)
        rt->adopted = NULL;
    return port;
}

struct nm_port *nm_runtime_open(struct runtime *rt, const char *spec, const struct nm_port_options *options,
                                char *error, size_t size)
{
    if (!make_port_room(rt)) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    struct nm_port *port = take_adopted(rt, spec);
    if (!port)
        port = nm_port_open(spec, rt->region, options, error, size);
    if (port)
        rt->ports[rt->n_ports++] = port;
    return port;
}

bool nm_runtime_share(struct runtime *rt, uint32_t port)
{
    if (!make_port_room(rt))
        return false;
    rt->ports[rt->n_ports] = rt->ports[port];
    rt->n_ports++;
    return true;
}

bool is_first_number(const struct runtime *rt, uint32_t port)
{
    for (uint32_t i = 0; i < port; i++)
        if (rt->ports[i] == rt->ports[port])
            return false;
    return true;
}

static bool is_mine(int16_t worker, unsigned index)
{
    return worker == NM_EVERY_WORKER || (unsigned)worker == index;
}

static bool make_thread(struct runtime *rt, struct thread *t, unsigned index)
{
    const struct nm_program *program = rt->program;
    struct worker *w = &t->worker;
    t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    t->tasks = alloc_lines(program->n_tasks + 1, sizeof *t->tasks);
    t->timers = alloc_lines(program->n_timers + 1, sizeof *t->timers);
    w->n_workers = program->n_workers;
    unsigned n_rings = 0;
    for (uint32_t i = 0; i < rt->n_ports; i++)
        n_rings += nm_port_rings(rt->ports[i]);
    t->polled = calloc(n_rings + 1, sizeof *t->polled);
    w->free_list = malloc(rt->region->n_buffers * sizeof *w->free_list);
    if (t->wake_fd < 0 || !t->tasks || !t->timers || !t->polled || !w->free_list)
        return false;
    for (uint32_t i = 0; i < program->n_tasks; i++)
        t->tasks[i] = (struct task){
            .run = program->tasks[i], .mine = is_mine(program->task_workers[i], index), .scheduled = true};
    for (uint32_t i = 0; i < program->n_timers; i++)
        t->timers[i] = is_mine(program->timer_workers[i], index) ? 0 : NM_NEVER;
    t->next_timer = program->n_timers ? 0 : NM_NEVER;
    w->buffers = rt->region->buffers;
    w->buffer_size = rt->region->buffer_size;
    t->share = nm_worker_share(rt);
    w->free_count = nm_region_take(rt->region, w->free_list, (uint32_t)t->share);
    w->ports = rt->ports;
    w->state = alloc_lines(1, program->state_size);
    if (!w->state)
        return false;
    w->home = rt->threads->worker.state;
    w->program = program;
    w->runtime = rt;
    w->attention = (const unsigned *)&rt->attention;
    w->index = index;
    w->wake_at = NM_NEVER;
    w->now = clock_now(rt);
    return true;
}

static bool make_threads(struct runtime *rt)
{
    size_t size = rt->program->n_workers * sizeof *rt->threads;
    rt->threads = aligned_alloc(_Alignof(struct thread), size);
    if (!rt->threads)
        return false;
    memset(rt->threads, 0, size);
    rt->n_threads = rt->program->n_workers;
    for (unsigned i = 0; i < rt->n_threads; i++)
        rt->threads[i].wake_fd = -1;
    return true;
}

/* Who looks at a ring and finds it empty, or full, waits for it. */
static void disown_rings(struct nm_port *port)
{
    for (unsigned ring = 0; ring < port->n_rx_rings; ring++)
        nm_ring_claim(&port->rx[ring], NM_NOBODY);
    for (unsigned ring = 0; ring < port->n_tx_rings; ring++)
        nm_ring_claim(&port->tx[ring], NM_NOBODY);
}

uint32_t nm_runtime_load(struct runtime *rt, const struct nm_program *program, const char *const *names,
                         char *error, size_t size)
{
    if (program->abi != NM_PROGRAM_ABI) {
        snprintf(error, size, "compiled for version %u of the runtime, this is version %u", program->abi,
                 NM_PROGRAM_ABI);
        return UINT32_MAX;
    }
    for (uint32_t i = 0; i < rt->n_ports; i++)
        if (rt->ports[i]->ops->review && is_first_number(rt, i))
            rt->ports[i]->ops->review(rt->ports[i], rt->ports, rt->n_ports);
    rt->program = program;
    rt->names = names;
    bool made = make_threads(rt);
    for (unsigned i = 0; made && i < rt->n_threads; i++)
        made = make_thread(rt, &rt->threads[i], i);
    if (!made) {
        snprintf(error, size, "out of memory");
        rt->program = NULL;
        return UINT32_MAX;
    }
    for (uint32_t i = 0; rt->n_threads > 1 && i < rt->n_ports; i++)
        disown_rings(rt->ports[i]);
    for (unsigned i = 0; i < rt->n_threads; i++) {
        struct worker *w = &rt->threads[i].worker;
        uint32_t failed = program->init(w->state, w);
        if (failed) {
            snprintf(error, size, "%s", w->error);
            return failed;
        }
    }
    return 0;
}

/* Signals belong to the control plane's thread. */
static int create_thread(struct thread *t)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    t->started = true;
    int failed = pthread_create(&t->id, NULL, thread_main, t);
    if (failed)
        t->started = false;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -failed;
}

int nm_runtime_start(struct runtime *rt, int cpu)
{
    /* Parked until the caller unparks; under simulated time once more, until nm_runtime_wait. */
    pthread_mutex_lock(&rt->lock);
    rt->parks += rt->clock.simulated ? 2 : 1;
    atomic_store(&rt->attention, true);
    pthread_mutex_unlock(&rt->lock);
    for (unsigned i = 0; i < rt->n_threads; i++) {
        int failed = create_thread(&rt->threads[i]);
        if (failed)
            return failed;
        if (cpu >= 0) {
            cpu_set_t set;
            CPU_ZERO(&set);
            CPU_SET((unsigned)cpu + i, &set);
            failed = -pthread_setaffinity_np(rt->threads[i].id, sizeof set, &set);
            if (failed)
                return failed;
        }
    }
    return 0;
}

static void free_thread(struct runtime *rt, struct thread *t)
{
    struct worker *w = &t->worker;
    if (w->free_list)
        nm_region_give(rt->region, w->free_list, w->free_count);
    free_allocations(t);
    if (t->wake_fd >= 0)
        close(t->wake_fd);
    free(w->free_list);
    free(w->state);
    free(t->tasks);
    free(t->timers);
    free(t->polled);
}

uint32_t nm_runtime_destroy(struct runtime *rt)
{
    nm_runtime_stop(rt);
    forget_signals(rt);
    for (unsigned i = rt->program && rt->program->cleanup ? rt->n_threads : 0; i-- > 0;)
        rt->program->cleanup(rt->threads[i].worker.state, &rt->threads[i].worker);
    for (unsigned i = 0; i < rt->n_threads; i++)
        free_thread(rt, &rt->threads[i]);
    for (uint32_t i = rt->n_ports; i-- > 0;)
        if (is_first_number(rt, i))
            nm_port_close(rt->ports[i]);
    if (rt->adopted)
        nm_port_close(rt->adopted);
    free(rt->adopted_spec);
    uint32_t lost = nm_region_in_use(rt->region);
    nm_region_destroy(rt->region);
    for (int i = 0; i < 2; i++)
        if (rt->wake_pipe[i] >= 0)
            close(rt->wake_pipe[i]);
    pthread_mutex_destroy(&rt->lock);
    pthread_cond_destroy(&rt->worker_changed);
    pthread_cond_destroy(&rt->control_changed);
    free(rt->threads);
    free(rt->ports);
    free(rt);
    return lost;
}

long nm_runtime_call(struct runtime *rt, uint32_t worker, uint32_t call, const void *in, size_t n, void *out,
                     size_t room)
{
    if (call >= rt->program->n_calls || worker >= rt->n_threads)
        return -1;
    struct worker *w = &rt->threads[worker].worker;
    w->now = clock_now(rt);
    return rt->program->calls[call](w->state, w, in, n, out, room);
}

void *nm_runtime_state(struct runtime *rt, uint32_t worker)
{
    return worker < rt->n_threads ? rt->threads[worker].worker.state : NULL;
}

void nm_runtime_schedule(struct runtime *rt, uint32_t task, bool scheduled)
{
    for (unsigned i = 0; i < rt->n_threads && task < rt->program->n_tasks; i++)
        rt->threads[i].tasks[task].scheduled = scheduled;
}

bool nm_runtime_scheduled(struct runtime *rt, uint32_t task)
{
    return task < rt->program->n_tasks && rt->threads->tasks[task].scheduled;
}

uint32_t nm_runtime_tickets(struct runtime *rt, uint32_t task)
{
    return task < rt->program->n_tasks ? task_tickets(&rt->threads->tasks[task]) : 0;
}

void nm_runtime_set_tickets(struct runtime *rt, uint32_t task, uint32_t tickets)
{
    for (unsigned i = 0; i < rt->n_threads && task < rt->program->n_tasks; i++) {
        struct thread *t = &rt->threads[i];
        t->tasks[task].tickets = tickets;
        t->most_tickets = 0;
        bool differ = false;
        for (uint32_t each = 0; each < rt->program->n_tasks; each++)
            if (t->tasks[each].mine) {
                uint32_t its = task_tickets(&t->tasks[each]);
                differ |= t->most_tickets && its != t->most_tickets;
                t->most_tickets = its > t->most_tickets ? its : t->most_tickets;
            }
        if (!differ)
            t->most_tickets = 0;
    }
}
