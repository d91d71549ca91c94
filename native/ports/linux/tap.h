/* What a TAP or TUN port keeps, and how its interface is made. */
#ifndef NMCLICK_PORTS_TAP_H
#define NMCLICK_PORTS_TAP_H

#include <net/if.h>

#include "../driver.h"

#define TAP_RINGS_MAX 64u

struct tap {
    char name[IFNAMSIZ];
    char warning[128];
    unsigned n_queues;
    int queue[TAP_RINGS_MAX];
};

/* The interface `rest` ("NAME" or "NAME,rings=N", an empty name: the kernel chooses), up; NULL with the
 * reason in `error`. */
struct tap *tap_make(const char *spec, const char *rest, bool is_tap, const struct nm_port_options *options,
                     char *error, size_t size);
void tap_free(struct tap *tap);

#endif
