/* poll() over descriptors of the provider and ordinary ones, and waiting together with other kinds. */
#define _GNU_SOURCE
#include "user.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define FEW 16u

static bool has_slots(const struct nm_user_ring *rings, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (__atomic_load_n(&rings[i].nm.ring->cur, __ATOMIC_RELAXED) != rings[i].nm.hwtail)
            return true;
    return false;
}

/* What poll does in the kernel: syncs, and tells what is ready. */
static short sync_events(struct nm_user *user, short wanted)
{
    short events = 0;
    if (!user->bound || user->dead || nm_user_stopped(user))
        return POLLERR;
    if ((wanted & POLLOUT) || !(user->flags & NR_NO_TX_POLL))
        events |= nm_user_txsync(user, false) ? 0 : POLLERR;
    if (wanted & POLLIN)
        events |= nm_user_rxsync(user) ? 0 : POLLERR;
    if ((wanted & POLLOUT) && has_slots(user->tx, user->n_tx))
        events |= POLLOUT;
    if ((wanted & POLLIN) && has_slots(user->rx, user->n_rx))
        events |= POLLIN;
    return events;
}

/* Did the switch process move a tail since? */
static bool has_news(const struct nm_user_ring *rings, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (__atomic_load_n(&rings[i].mail->hwtail, __ATOMIC_RELAXED) != rings[i].mail->rtail)
            return true;
    return false;
}

/* Says that this descriptor sleeps, and looks again: who published before is seen, who does later rings. */
static bool may_sleep(struct nm_user *user, short wanted)
{
    __atomic_store_n(&user->mail->waiter[user->waiter].events, (uint32_t)(wanted & (POLLIN | POLLOUT)),
                     __ATOMIC_RELAXED);
    if ((wanted & POLLOUT) && user->kind == NM_PORT_PIPE) { /* so that the reader is asked to tell */
        for (uint32_t i = 0; i < user->n_tx; i++)
            __atomic_store_n(&user->tx[i].mail->asked, user->tx[i].mail->asked + 1, __ATOMIC_RELEASE);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (__atomic_load_n(&user->state->asleep, __ATOMIC_RELAXED))
            nm_user_ring_bell(user);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return !user->dead && !nm_user_stopped(user) && !((wanted & POLLIN) && has_news(user->rx, user->n_rx)) &&
           !((wanted & POLLOUT) && has_news(user->tx, user->n_tx));
}

static void awake(struct nm_user *user)
{
    __atomic_store_n(&user->mail->waiter[user->waiter].events, 0, __ATOMIC_RELAXED);
}

/* A poll() with its copy for the system, in which bells stand for our descriptors. */
struct polling {
    struct pollfd *fds, *real;
    struct nm_user **users; /* NULL: ordinary */
    nfds_t n;
};

/* How many are ready; ordinary ones as far as is known. */
static int sync_all(const struct polling *polling)
{
    int ready = 0;
    for (nfds_t i = 0; i < polling->n; i++) {
        struct pollfd *fd = &polling->fds[i];
        if (polling->users[i])
            fd->revents = sync_events(polling->users[i], fd->events);
        ready += fd->revents != 0;
    }
    return ready;
}

static bool all_may_sleep(const struct polling *polling)
{
    bool sleep = true;
    for (nfds_t i = 0; i < polling->n; i++)
        if (polling->users[i] && !may_sleep(polling->users[i], polling->fds[i].events))
            sleep = false;
    return sleep;
}

static bool has_ordinary(const struct polling *polling)
{
    for (nfds_t i = 0; i < polling->n; i++)
        if (!polling->users[i])
            return true;
    return false;
}

/* poll() of the system: ordinary descriptors get their events, bells are emptied. */
static int poll_system(const struct polling *polling, int timeout)
{
    for (nfds_t i = 0; i < polling->n; i++) {
        const struct nm_user *user = polling->users[i];
        polling->real[i] = polling->fds[i];
        polling->real[i].revents = 0;
        if (user) {
            polling->real[i].fd = user->bound ? user->bell : -1;
            polling->real[i].events = POLLIN;
        }
    }
    int n = poll(polling->real, polling->n, timeout);
    for (nfds_t i = 0; i < polling->n; i++) {
        if (!polling->users[i])
            polling->fds[i].revents = n > 0 ? polling->real[i].revents : 0;
        else if (n > 0 && polling->real[i].revents)
            nm_user_drain(polling->users[i]);
    }
    return n;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int poll_until_ready(const struct polling *polling, int timeout)
{
    const int64_t deadline = timeout > 0 ? now_ms() + timeout : 0;
    for (;;) {
        int ready = sync_all(polling);
        if (ready || timeout == 0) {
            if (has_ordinary(polling)) {
                if (poll_system(polling, 0) < 0)
                    return -1;
                ready = 0;
                for (nfds_t i = 0; i < polling->n; i++)
                    ready += polling->fds[i].revents != 0;
            }
            return ready;
        }
        int n = all_may_sleep(polling) ? poll_system(polling, timeout) : 1;
        int err = errno;
        for (nfds_t i = 0; i < polling->n; i++)
            if (polling->users[i] && polling->users[i]->bound)
                awake(polling->users[i]);
        if (n < 0) {
            errno = err;
            return -1;
        }
        if (timeout > 0) {
            int64_t left = deadline - now_ms();
            timeout = left > 0 ? (int)left : 0;
        }
    }
}

int nm_user_poll(struct pollfd *fds, nfds_t n, int timeout)
{
    struct pollfd few[FEW];
    struct nm_user *few_users[FEW];
    struct polling polling = {.fds = fds, .real = few, .users = few_users, .n = n};
    if (n > FEW) {
        polling.real = malloc(n * sizeof *polling.real);
        polling.users = malloc(n * sizeof(struct nm_user *));
    }
    int result = -1;
    if (polling.real && polling.users) {
        for (nfds_t i = 0; i < n; i++) {
            polling.users[i] = nm_user_find(fds[i].fd);
            fds[i].revents = 0;
        }
        result = poll_until_ready(&polling, timeout);
    } else {
        errno = ENOMEM;
    }
    if (n > FEW) {
        free(polling.real);
        free(polling.users);
    }
    return result;
}

/* A descriptor that is always readable. */
static int always_ready(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int ready = -1;
    pthread_mutex_lock(&lock);
    if (ready < 0)
        ready = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_unlock(&lock);
    return ready;
}

int nm_user_wait(int fd, short *events)
{
    struct nm_user *user = nm_user_find(fd);
    const short wanted = *events;
    *events = POLLIN;
    if (!user)
        return -1;
    if (!user->bound)
        return always_ready();
    nm_user_drain(user);
    if (sync_events(user, wanted) || !may_sleep(user, wanted)) {
        awake(user);
        return always_ready();
    }
    return user->bell;
}
