/* Signals for the control plane. The handler runs in C, so that a second Ctrl-C ends the process even while
 * the control plane is stuck in a call. */
#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <signal.h>

#define LAST_SIGNAL 63

/* Signal dispositions belong to the process; so must this. */
static _Atomic(struct runtime *) target;
static _Atomic uint64_t caught, taken, once;
static struct sigaction before[LAST_SIGNAL + 1];

static uint64_t bit(int signal)
{
    return UINT64_C(1) << signal;
}

static void on_signal(int signal)
{
    atomic_fetch_or(&caught, bit(signal));
    if (atomic_load(&once) & bit(signal)) {
        struct sigaction action = {.sa_handler = SIG_DFL};
        for (int other = 1; other <= LAST_SIGNAL; other++)
            if (atomic_load(&once) & bit(other))
                sigaction(other, &action, NULL);
    }
    struct runtime *rt = atomic_load(&target);
    if (rt)
        nm_runtime_wake(rt);
}

int nm_signal_catch(struct runtime *rt, int signal, bool only_once)
{
    if (signal < 1 || signal > LAST_SIGNAL)
        return -EINVAL;
    if (only_once)
        atomic_fetch_or(&once, bit(signal));
    else
        atomic_fetch_and(&once, ~bit(signal));
    atomic_store(&target, rt);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction *old = atomic_load(&taken) & bit(signal) ? NULL : &before[signal];
    if (sigaction(signal, &action, old) < 0)
        return -errno;
    atomic_fetch_or(&taken, bit(signal));
    return 0;
}

uint64_t nm_signals_caught(void)
{
    return atomic_exchange(&caught, 0);
}

void forget_signals(struct runtime *rt)
{
    struct runtime *expected = rt;
    if (!atomic_compare_exchange_strong(&target, &expected, NULL))
        return;
    for (int signal = 1; signal <= LAST_SIGNAL; signal++)
        if (atomic_load(&taken) & bit(signal))
            sigaction(signal, &before[signal], NULL);
    atomic_store(&taken, 0);
    atomic_store(&once, 0);
}
