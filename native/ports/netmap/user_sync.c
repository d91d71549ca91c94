/* NIOCTXSYNC and NIOCRXSYNC: no system call as long as the switch process is awake. */
#define _GNU_SOURCE
#include "user.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LOOKS_BEFORE_SLEEP 200u
#define SLICE_MS 1000

bool nm_user_stopped(const struct nm_user *user)
{
    return __atomic_load_n(&user->mail->stopped, __ATOMIC_RELAXED);
}

void nm_user_ring_bell(struct nm_user *user)
{
    if (send(user->bell, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != EINTR)
        user->dead = true;
}

/* To be called after something was published for the switch process. */
static void wake_switch(struct nm_user *user)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&user->state->asleep, __ATOMIC_RELAXED))
        nm_user_ring_bell(user);
}

void nm_user_drain(struct nm_user *user)
{
    char rings[64];
    if (recv(user->bell, rings, sizeof rings, MSG_DONTWAIT) == 0)
        user->dead = true;
}

bool nm_user_sleep(struct nm_user *user, int timeout_ms)
{
    struct pollfd bell = {.fd = user->bell, .events = POLLIN};
    if (poll(&bell, 1, timeout_ms) <= 0)
        return false;
    nm_user_drain(user);
    return true;
}

/* Takes head and cur from the program, against what it was shown last. */
static bool enter(struct nm_user *user, struct nm_user_ring *ring, uint32_t *head)
{
    ring->nm.hwcur = ring->mail->head;
    ring->nm.hwtail = ring->mail->rtail;
    return nm_ring_enter(&ring->nm, &user->region, head) == 0;
}

static void leave(struct nm_user_ring *ring)
{
    uint32_t tail = __atomic_load_n(&ring->mail->hwtail, __ATOMIC_ACQUIRE);
    if (unlikely(ring->nm.ring->flags & NR_TIMESTAMP))
        gettimeofday(&ring->nm.ring->ts, NULL);
    if (unlikely(tail >= ring->nm.n_slots))
        return;
    ring->nm.hwtail = tail;
    ring->mail->rtail = tail;
    nm_ring_leave(&ring->nm);
}

/* Is there something that the switch process would do? A pipe's reader may have given slots back. */
static bool worth_asking(const struct nm_user *user, const struct nm_user_ring *ring, uint32_t head,
                         bool wait)
{
    if (head != ring->mail->head)
        return true;
    return user->kind == NM_PORT_PIPE && wait &&
           nm_ring_distance(&ring->nm, head, ring->mail->hwtail) != ring->nm.n_slots - 1;
}

static bool is_answered(const struct nm_user_ring *ring)
{
    return __atomic_load_n(&ring->mail->answered, __ATOMIC_ACQUIRE) == ring->mail->asked;
}

static void await_answer(struct nm_user *user, const struct nm_user_ring *ring)
{
    uint32_t *waits = &user->mail->waiter[user->waiter].events;
    for (unsigned i = 0; i < LOOKS_BEFORE_SLEEP && !is_answered(ring); i++)
        spin_pause();
    while (!is_answered(ring) && !user->dead) {
        __atomic_store_n(waits, NM_WAIT_SYNC, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (!is_answered(ring))
            nm_user_sleep(user, SLICE_MS);
    }
    __atomic_store_n(waits, 0, __ATOMIC_RELAXED);
}

bool nm_user_txsync(struct nm_user *user, bool wait)
{
    bool good = true, asked = false;
    for (uint32_t i = 0; i < user->n_tx; i++) {
        struct nm_user_ring *ring = &user->tx[i];
        uint32_t head;
        if (unlikely(!enter(user, ring, &head))) {
            good = false;
        } else if (worth_asking(user, ring, head, wait)) {
            __atomic_store_n(&ring->mail->head, head, __ATOMIC_RELAXED);
            __atomic_store_n(&ring->mail->asked, ring->mail->asked + 1, __ATOMIC_RELEASE);
            asked = true;
        }
    }
    if (asked)
        wake_switch(user);
    for (uint32_t i = 0; i < user->n_tx; i++) {
        if (wait && !is_answered(&user->tx[i]))
            await_answer(user, &user->tx[i]);
        leave(&user->tx[i]);
    }
    return good;
}

bool nm_user_rxsync(struct nm_user *user)
{
    bool good = true;
    for (uint32_t i = 0; i < user->n_rx; i++) {
        struct nm_user_ring *ring = &user->rx[i];
        uint32_t head;
        if (unlikely(!enter(user, ring, &head))) {
            good = false;
        } else if (head != ring->mail->head) {
            __atomic_store_n(&ring->mail->head, head, __ATOMIC_RELEASE);
            if (user->kind == NM_PORT_PIPE) {
                __atomic_thread_fence(__ATOMIC_SEQ_CST);
                if (__atomic_load_n(&ring->mail->tell_released, __ATOMIC_RELAXED))
                    wake_switch(user);
            }
        }
        leave(ring);
    }
    return good;
}
