/* Network interfaces of this machine, as the kinds of port that open one see them. */
#ifndef NMCLICK_PORTS_DEVICE_H
#define NMCLICK_PORTS_DEVICE_H

#include <net/if.h>

#include "../driver.h"

struct nm_device {
    char name[IFNAMSIZ];
    int index;
    uint32_t mtu;
    uint32_t queues; /* receive queues, at least 1 */
    bool up;
    char driver[32]; /* "" if the interface does not say */
};

/* What may follow the interface's name, each behind a comma: NAME=NUMBER, or NAME alone. */
struct nm_device_option {
    const char *name;
    uint32_t *number; /* NULL: without a number */
    bool *given;      /* may be NULL */
};

/* Reads "eth0,rings=2,promisc" and looks the interface up. False with the reason in `error`. */
bool nm_device_parse(struct nm_device *device, const struct nm_device_option *options, unsigned n_options,
                     const char *spec, const char *rest, char *error, size_t size);

/* Bytes of the longest frame on the wire: two VLAN tags included, the checksum not. */
static inline uint32_t nm_device_longest_frame(const struct nm_device *device)
{
    return device->mtu + 14 + 2 * 4;
}

/* Does the interface merge the frames it receives (GRO or LRO)? */
bool nm_device_merges(const struct nm_device *device);

/* Has the interface receive frames for all stations until the file descriptor is closed: -1 with errno set on
 * failure. */
int nm_device_promiscuous(const struct nm_device *device);

/* Keeps what arrives from the machine's own network stack (packet sockets still see it) until the file
 * descriptor is closed or the process ends: -1 with errno set on failure. */
int nm_device_seclude(const struct nm_device *device);

/* "SPEC: WHAT: reason", with the capability that is missing if that is the reason. */
cold_path void nm_device_error(char *error, size_t size, const char *spec, const char *what,
                               const char *capability, int err);

#endif
