/* Monitors: copies of what goes through another port's rings, dropped when the monitor does not keep up. */
#include "provider.h"

#include <stdlib.h>

static int watch_ring(struct ring *ring, struct ring *to)
{
    struct watch *watch = malloc(sizeof *watch);
    if (!watch)
        return ENOMEM;
    *watch = (struct watch){ring->watchers, to};
    ring->watchers = watch;
    return 0;
}

int monitor_start(struct port *monitor, const struct nmreq_register *reg, struct nm_span_of_rings tx,
                  struct nm_span_of_rings rx)
{
    struct port *watched = monitor->watched;
    int err = 0;
    if (reg->nr_flags & NR_MONITOR_TX)
        for (unsigned i = tx.first; i < tx.end && !err; i++)
            err = watch_ring(&watched->tx[i], &monitor->rx[i]);
    if (reg->nr_flags & NR_MONITOR_RX)
        for (unsigned i = rx.first; i < rx.end && !err; i++)
            err = watch_ring(&watched->rx[i], &monitor->rx[i]);
    return err;
}

static void stop_watching(struct ring *ring, const struct port *monitor)
{
    for (struct watch **at = &ring->watchers; *at;) {
        struct watch *watch = *at;
        if (watch->to->port != monitor) {
            at = &watch->next;
            continue;
        }
        *at = watch->next;
        free(watch);
    }
}

void monitor_stop(struct port *monitor)
{
    struct port *watched = monitor->watched;
    if (!watched)
        return;
    for (unsigned i = 0; i < watched->n_tx; i++)
        stop_watching(&watched->tx[i], monitor);
    for (unsigned i = 0; i < watched->n_rx; i++)
        stop_watching(&watched->rx[i], monitor);
    monitor->watched = NULL;
}

void monitors_of_gone(struct provider *provider, struct port *watched)
{
    for (struct port *port = provider->ports; port; port = port->next) {
        if (port->kind != NM_PORT_MONITOR || port->watched != watched)
            continue;
        monitor_stop(port);
        __atomic_store_n(&port->mail->stopped, 1, __ATOMIC_RELEASE);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        for (unsigned i = 0; i < port->n_rx; i++)
            ring_bells(&port->rx[i], false, POLLIN | POLLOUT | NM_WAIT_SYNC);
        ring_bells(&port->tx[0], true, POLLIN | POLLOUT | NM_WAIT_SYNC);
    }
}
