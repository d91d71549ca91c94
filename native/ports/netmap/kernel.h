/* What the system says of netmap and of an interface. */
#ifndef NMCLICK_NETMAP_KERNEL_H
#define NMCLICK_NETMAP_KERNEL_H

#include <stdbool.h>

#include "nmclick/netmap_request.h"

/* Whether there is a /dev/netmap, whoever may open it. */
bool nm_kernel_present(void);

/* How to let the kernel's netmap be loaded and opened, for messages. */
extern const char nm_kernel_load_cure[], nm_kernel_permission_cure[];

struct nm_interface {
    bool exists, up;
    char address[64]; /* an IP address that the machine has there; empty: none */
    char up_cure[64]; /* the command that sets it up */
    char
        offload_cure[128]; /* the command that ends offloads netmap cannot live with; empty: there are none */
};

/* Looks at a network interface. */
void nm_kernel_interface(const char *name, struct nm_interface *interface);

#endif
