/* What a network interface of this machine is to be like: the kernel's side of a TAP or TUN device. */
#ifndef NMCLICK_INTERFACE_H
#define NMCLICK_INTERFACE_H

#include "nmclick/bytes.h"

struct nm_interface {
    uint32_t address, mask; /* IPv4, network byte order; 0: leave as it is */
    uint32_t gateway;       /* of a new default route; 0: none */
    uint32_t mtu;           /* bytes behind the link header; 0: leave */
    const uint8_t *ether;   /* 6 bytes; NULL: leave */
    bool up;
};

/* Configure the interface `name`. 0, or -errno with the reason (and the missing capability) in `error`. */
int nm_interface_configure(const char *name, const struct nm_interface *wanted, char *error, size_t size);

#endif
