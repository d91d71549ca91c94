/* A descriptor's hold on rings of a port. */
#include "provider.h"

#include <stdlib.h>

static bool is_busy(const struct ring *rings, struct nm_span_of_rings span, bool exclusive)
{
    for (unsigned i = span.first; i < span.end; i++)
        if (rings[i].exclusive || (exclusive && rings[i].users))
            return true;
    return false;
}

static void let_go(struct ring *ring, bool was_exclusive)
{
    if (was_exclusive)
        ring->exclusive = false;
    if (--ring->users == 0 && ring->port->kind != NM_PORT_PIPE)
        ring_free(ring, ring->port->domain);
}

static void let_all_go(struct binding *binding)
{
    for (unsigned i = binding->rx.first; i < binding->rx.end; i++)
        let_go(&binding->port->rx[i], binding->exclusive);
    for (unsigned i = binding->tx.first; i < binding->tx.end; i++)
        let_go(&binding->port->tx[i], binding->exclusive);
}

static int take_hold(struct ring *ring, int dir, bool exclusive)
{
    if (!ring->nm.ring) {
        int err = ring_make(ring, dir, ring->port->domain);
        if (err)
            return err;
    }
    ring->users++;
    ring->exclusive = exclusive;
    return 0;
}

/* rx before tx, as netmap makes them. */
static int take_all(struct binding *binding)
{
    struct port *port = binding->port;
    struct nm_span_of_rings tx = binding->tx, rx = binding->rx;
    int err = 0;
    binding->tx.end = tx.first;
    for (binding->rx.end = rx.first; !err && binding->rx.end < rx.end; binding->rx.end += !err)
        err = take_hold(&port->rx[binding->rx.end], NETMAP_DIR_RX, binding->exclusive);
    for (; !err && binding->tx.end < tx.end; binding->tx.end += !err)
        err = take_hold(&port->tx[binding->tx.end], NETMAP_DIR_TX, binding->exclusive);
    return err;
}

void port_free_unused(struct provider *provider, struct port *port)
{
    if (port->bindings || (port->peer && port->peer->bindings))
        return;
    if (port->kind == NM_PORT_MONITOR)
        monitor_stop(port);
    monitors_of_gone(provider, port);
    vale_detach(provider, port);
    if (port->peer) {
        monitors_of_gone(provider, port->peer);
        port_destroy(provider, port->peer);
    }
    port_destroy(provider, port);
}

static uint32_t free_waiter(const struct port *port)
{
    uint32_t used = 0, waiter = 0;
    for (const struct binding *b = port->bindings; b; b = b->next)
        used |= 1u << b->waiter;
    while (waiter < NM_USER_WAITERS && used & 1u << waiter)
        waiter++;
    return waiter;
}

/* What was sent or given back before the end still counts. */
static void settle(struct binding *binding)
{
    struct port *port = binding->port;
    for (unsigned i = binding->tx.first; i < binding->tx.end; i++) {
        if (port->kind == NM_PORT_VALE)
            vale_txsync(&port->tx[i]);
        else if (port->kind == NM_PORT_PIPE)
            pipe_txsync(&port->tx[i]);
    }
}

void unregister(struct provider *provider, struct binding *binding)
{
    struct port *port = binding->port;
    struct memory *memory = port->memory;
    uint8_t domain = port->domain;
    settle(binding);
    if (binding->nifp) {
        memory_free_list(memory, __atomic_load_n(&binding->nifp->ni_bufs_head, __ATOMIC_RELAXED), domain);
        nm_pool_give(&memory->interfaces, binding->nifp);
    }
    port->mail->waiter[binding->waiter].events = 0;
    let_all_go(binding);
    struct binding **at = &port->bindings;
    while (*at != binding)
        at = &(*at)->next;
    *at = binding->next;
    provider->changed = true;
    client_forget_bell(provider, binding);
    binding->client->binding = NULL;
    if (!port->bindings && port->kind == NM_PORT_PIPE)
        pipe_unbind(port, domain);
    memory->holders++;
    port_free_unused(provider, port);
    memory_leave(memory, domain);
    memory_release(provider, memory);
    free(binding);
}

int bind_rings(struct client *client, struct port *port, const struct nmreq_register *reg,
               struct nm_span_of_rings tx, struct nm_span_of_rings rx, struct binding **made)
{
    if (port->bindings && port->pid != client->pid)
        return EBUSY;
    const bool exclusive = reg->nr_flags & NR_EXCLUSIVE;
    if (is_busy(port->rx, rx, exclusive) || is_busy(port->tx, tx, exclusive))
        return EBUSY;
    struct binding *binding = calloc(1, sizeof *binding);
    uint8_t domain =
        binding && free_waiter(port) < NM_USER_WAITERS ? memory_enter(port->memory, client->pid) : 0;
    if (!domain) {
        free(binding);
        return ENOMEM;
    }
    *binding = (struct binding){.client = client,
                                .port = port,
                                .tx = tx,
                                .rx = rx,
                                .waiter = free_waiter(port),
                                .bell = -1,
                                .exclusive = exclusive};
    int err = 0;
    if (port->kind != NM_PORT_PIPE)
        port->domain = domain;
    else if (!port->bindings)
        err = pipe_bind(port, domain);
    if (err) {
        memory_leave(port->memory, domain);
        free(binding);
        return err;
    }
    port->pid = client->pid;
    binding->next = port->bindings;
    port->bindings = binding;
    client->binding = binding;
    *made = binding;
    return take_all(binding);
}
