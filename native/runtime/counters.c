/* Accounting. Counters are words that only their worker writes: readers see each of them whole, and a moment
 * late. */
#include "internal.h"

static uint64_t look(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void nm_runtime_task_counters(const struct runtime *rt, uint32_t task, struct nm_task_counters *counters)
{
    memset(counters, 0, sizeof *counters);
    if (!rt->program || task >= rt->program->n_tasks)
        return;
    for (unsigned i = 0; i < rt->n_threads; i++) {
        const struct nm_task_counters *from = &rt->threads[i].tasks[task].counters;
        counters->calls += look(&from->calls);
        counters->idle_calls += look(&from->idle_calls);
        counters->packets += look(&from->packets);
    }
}

/* Slots from `first` up to `last`, as far as the shared ring can be believed. */
static uint32_t slots_between(const struct nm_ring *ring, uint32_t first, uint32_t last)
{
    if (first >= ring->n_slots || last >= ring->n_slots)
        return 0;
    return last >= first ? last - first : last + ring->n_slots - first;
}

static void add_drops(const struct nm_ring *ring, struct nm_port_counters *counters)
{
    for (unsigned reason = 0; reason < NM_DROP_REASONS; reason++)
        counters->drops_by[reason] += look(&ring->drops_by[reason]);
}

void nm_runtime_port_counters(const struct runtime *rt, uint32_t number, struct nm_port_counters *counters)
{
    memset(counters, 0, sizeof *counters);
    if (number >= rt->n_ports)
        return;
    const struct nm_port *port = rt->ports[number];
    for (unsigned i = 0; i < port->n_rx_rings; i++) {
        counters->rx_packets += look(&port->rx[i].packets);
        counters->rx_bytes += look(&port->rx[i].bytes);
        counters->rx_drops += look(&port->rx[i].drops);
        counters->waiting += slots_between(&port->rx[i], port->rx[i].ring->head, port->rx[i].hwtail);
        add_drops(&port->rx[i], counters);
    }
    for (unsigned i = 0; i < port->n_tx_rings; i++) {
        counters->tx_packets += look(&port->tx[i].packets);
        counters->tx_bytes += look(&port->tx[i].bytes);
        counters->tx_drops += look(&port->tx[i].drops);
        counters->waiting += slots_between(&port->tx[i], port->tx[i].hwcur, port->tx[i].ring->head);
        add_drops(&port->tx[i], counters);
    }
}

void nm_runtime_worker_counters(const struct runtime *rt, struct nm_worker_counters *counters)
{
    memset(counters, 0, sizeof *counters);
    counters->buffers = nm_region_owned(rt->region);
    for (unsigned i = 0; i < rt->n_threads; i++) {
        const struct thread *t = &rt->threads[i];
        counters->rounds += look(&t->rounds);
        counters->sleeps += look(&t->sleeps);
        counters->no_buffer += look(&t->worker.no_buffer);
        counters->free_buffers += __atomic_load_n(&t->worker.free_count, __ATOMIC_RELAXED);
    }
}
