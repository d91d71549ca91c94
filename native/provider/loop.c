/* The loop: rings while there is work, then a moment of looking, then sleep. */
#define _GNU_SOURCE
#include "provider.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>

/* To sleep and to be woken takes longer than many a batch. So it looks around for a while first: longer where
 * it is called soon after it fell asleep, shorter where it is not. */
#define MOST_SPIN_NS 64000u
#define LEAST_SPIN_NS 1000u
#define SOON_NS 100000u
#define LOOKS_PER_CLOCK 16u
#define ROUNDS_BETWEEN_CALLS 64u /* while there is work, clients' requests are looked for this often */
#define BELL_GAP_NS 20000u       /* between two calls for some slots */
#define LINGER_MS 400u           /* after the last client */
#define MOST_EVENTS 64

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t now_ms(void)
{
    return now_ns() / 1000000;
}

/* When bells that were put off are due, ns; 0: there are none. */
static uint64_t late_at;

static void ring_now(struct ring *ring, bool tx, uint32_t events)
{
    for (const struct binding *binding = ring->port->bindings; binding; binding = binding->next) {
        uint32_t *waits = &ring->port->mail->waiter[binding->waiter].events;
        if (!(__atomic_load_n(waits, __ATOMIC_RELAXED) & events) ||
            !span_has(tx ? binding->tx : binding->rx, ring->nm.ring_id))
            continue;
        __atomic_store_n(waits, 0, __ATOMIC_RELAXED);
        send(binding->bell, "", 1,
             MSG_DONTWAIT | MSG_NOSIGNAL); /* a full socket is a bell that rings already */
    }
    ring->rang_at = now_ns();
    ring->late = 0;
}

static bool somebody_waits(const struct ring *ring, bool tx, uint32_t events, uint32_t *for_what)
{
    *for_what = 0;
    for (const struct binding *binding = ring->port->bindings; binding; binding = binding->next)
        if (span_has(tx ? binding->tx : binding->rx, ring->nm.ring_id))
            *for_what |=
                __atomic_load_n(&ring->port->mail->waiter[binding->waiter].events, __ATOMIC_RELAXED) & events;
    return *for_what;
}

/* Who was called a moment ago is not called again for a few slots: the rest of the moment may bring many. */
static bool can_wait(const struct ring *ring, uint32_t for_what)
{
    return !(for_what & NM_WAIT_SYNC) && now_ns() - ring->rang_at < BELL_GAP_NS &&
           2 * nm_ring_distance(&ring->nm, ring->nm.hwcur, ring->nm.hwtail) < ring->nm.n_slots;
}

void ring_bells(struct ring *ring, bool tx, uint32_t events)
{
    uint32_t for_what;
    if (likely(!somebody_waits(ring, tx, events, &for_what)))
        return;
    if (!can_wait(ring, for_what)) {
        ring_now(ring, tx, events | ring->late);
        return;
    }
    ring->late |= events;
    if (!late_at)
        late_at = ring->rang_at + BELL_GAP_NS;
}

static void ring_late(const struct provider *provider)
{
    late_at = 0;
    for (struct port *port = provider->ports; port; port = port->next) {
        for (unsigned i = 0; i < port->n_tx; i++)
            if (port->tx[i].late)
                ring_now(&port->tx[i], true, port->tx[i].late);
        for (unsigned i = 0; i < port->n_rx; i++)
            if (port->rx[i].late)
                ring_now(&port->rx[i], false, port->rx[i].late);
    }
}

static bool make_active(struct provider *provider)
{
    uint32_t n = 0;
    for (struct port *port = provider->ports; port; port = port->next)
        n += port->n_tx;
    if (n > provider->active_room) {
        struct ring **active = realloc(provider->active, n * sizeof *active);
        if (!active)
            return false;
        provider->active = active;
        provider->active_room = n;
    }
    provider->n_active = 0;
    for (struct port *port = provider->ports; port; port = port->next)
        for (unsigned i = 0; i < port->n_tx; i++)
            if (port->tx[i].nm.ring)
                provider->active[provider->n_active++] = &port->tx[i];
    provider->changed = false;
    return true;
}

static always_inline bool has_work(const struct ring *ring)
{
    return __atomic_load_n(&ring->mail->asked, __ATOMIC_RELAXED) != ring->answered ||
           (ring->peer && pipe_released(ring));
}

/* What a monitor or a NULL port is given to send goes nowhere, and stays. */
static void answer_only(struct ring *ring)
{
    ring->answered = __atomic_load_n(&ring->mail->asked, __ATOMIC_RELAXED);
    __atomic_store_n(&ring->mail->answered, ring->answered, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    ring_bells(ring, true, NM_WAIT_SYNC);
}

static bool sync_rings(struct provider *provider)
{
    bool worked = false;
    for (uint32_t i = 0; i < provider->n_active; i++) {
        struct ring *ring = provider->active[i];
        if (!has_work(ring))
            continue;
        worked = true;
        if (ring->port->kind == NM_PORT_VALE)
            vale_txsync(ring);
        else if (ring->port->kind == NM_PORT_PIPE)
            pipe_txsync(ring);
        else
            answer_only(ring);
    }
    return worked;
}

static bool any_work(const struct provider *provider)
{
    for (uint32_t i = 0; i < provider->n_active; i++)
        if (has_work(provider->active[i]))
            return true;
    return false;
}

static void drain_bell(struct provider *provider, const struct binding *binding, uint32_t events)
{
    char rings[64];
    if (recv(binding->bell, rings, sizeof rings, MSG_DONTWAIT) == 0 || events & (EPOLLHUP | EPOLLERR))
        epoll_ctl(provider->epoll, EPOLL_CTL_DEL, binding->bell, NULL);
}

/* Bells first: a client that is dropped takes its bell along. */
static void serve_events(struct provider *provider, int timeout)
{
    struct epoll_event events[MOST_EVENTS];
    int n = epoll_wait(provider->epoll, events, MOST_EVENTS, timeout);
    bool new_client = false;
    for (int i = 0; i < n; i++)
        if ((events[i].data.u64 & 3) == SOURCE_BELL)
            drain_bell(provider, (struct binding *)(uintptr_t)(events[i].data.u64 & ~UINT64_C(3)),
                       events[i].events);
    for (int i = 0; i < n; i++)
        if ((events[i].data.u64 & 3) == SOURCE_CLIENT)
            client_ready(provider, (struct client *)(uintptr_t)(events[i].data.u64 & ~UINT64_C(3)),
                         events[i].events);
        else if ((events[i].data.u64 & 3) == SOURCE_LISTENER)
            new_client = true;
    if (new_client)
        client_accept(provider);
    if (provider->clients)
        provider->quit_at = 0;
    else if (!provider->quit_at)
        provider->quit_at = now_ms() + LINGER_MS;
}

/* Nobody may connect between the last look and the end: who starts a switch process holds the lock. */
static bool may_quit(struct provider *provider)
{
    if (flock(provider->lock, LOCK_EX | LOCK_NB) < 0)
        return false;
    client_accept(provider);
    if (!provider->clients) {
        place_leave(provider);
        return true;
    }
    flock(provider->lock, LOCK_UN);
    return false;
}

/* True if there is work again. */
static bool look_around(const struct provider *provider, uint32_t spin_ns)
{
    uint64_t now = now_ns();
    const uint64_t end = now + spin_ns;
    do {
        for (unsigned i = 0; i < LOOKS_PER_CLOCK; i++) {
            if (any_work(provider))
                return true;
            spin_pause();
        }
        now = now_ns();
        if (late_at && now >= late_at)
            ring_late(provider);
    } while (now < end);
    if (late_at)
        ring_late(provider);
    return false;
}

static void sleep_until_called(struct provider *provider)
{
    __atomic_store_n(&provider->state->asleep, 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* who published before this is seen now, who does later rings */
    int timeout = provider->clients ? -1 : (int)LINGER_MS / 4;
    serve_events(provider, any_work(provider) ? 0 : timeout);
    __atomic_store_n(&provider->state->asleep, 0, __ATOMIC_RELAXED);
}

int provider_run(struct provider *provider)
{
    unsigned rounds = 0;
    uint32_t spin_ns = MOST_SPIN_NS;
    provider->quit_at = now_ms() + 10 * LINGER_MS;
    for (;;) {
        if (provider->changed && !make_active(provider))
            return 1;
        if (sync_rings(provider)) {
            if (unlikely(late_at) && now_ns() >= late_at)
                ring_late(provider);
            if (++rounds % ROUNDS_BETWEEN_CALLS == 0)
                serve_events(provider, 0);
            continue;
        }
        if ((provider->n_active || late_at) && look_around(provider, spin_ns))
            continue;
        const uint64_t asleep_at = now_ns();
        sleep_until_called(provider);
        if (now_ns() - asleep_at < SOON_NS)
            spin_ns = spin_ns * 2 < MOST_SPIN_NS ? spin_ns * 2 : MOST_SPIN_NS;
        else
            spin_ns = spin_ns / 2 > LEAST_SPIN_NS ? spin_ns / 2 : LEAST_SPIN_NS;
        if (!provider->clients && now_ms() >= provider->quit_at && may_quit(provider))
            return 0;
    }
}
