/* What a kind of port brings, and the parts all of them share. A new kind is one file with an NM_PORT_DRIVER
 * and one line among the kinds in port.c. Files right here are part of the runtime; those in a folder are a
 * library of their own, built when one of its kinds is first used. */
#ifndef NMCLICK_PORTS_DRIVER_H
#define NMCLICK_PORTS_DRIVER_H

#include <stdio.h>
#include <unistd.h>

#include "nmclick/lines.h"
#include "nmclick/port.h"
#include "../netmap/ring.h"

struct nm_port_driver {
    const char *scheme; /* one of the kinds in port.c */
    /* `rest` is what follows "scheme:". As nm_port_open and nm_port_probe. */
    struct nm_port *(*open)(const char *spec, const char *rest, struct nm_region *region,
                            const struct nm_port_options *options, char *error, size_t size);
    int64_t (*probe)(const char *spec, const char *rest, const struct nm_port_options *options, char *error,
                     size_t size);
    int (*memory)(const char *spec); /* as nm_port_memory; NULL: 0 */
};

/* Makes a kind of port known when the library that it is in is loaded: NM_PORT_DRIVER(null) = {...}; */
#define NM_PORT_DRIVER(name)                                                                                 \
    static const struct nm_port_driver nm_##name##_driver;                                                   \
    __attribute__((constructor)) static void nm_##name##_add(void)                                           \
    {                                                                                                        \
        nm_port_add_driver(&nm_##name##_driver);                                                             \
    }                                                                                                        \
    static const struct nm_port_driver nm_##name##_driver
void nm_port_add_driver(const struct nm_port_driver *driver);

#define NM_DEFAULT_SLOTS 256u

struct nm_port_shape {
    uint16_t n_tx, n_rx;
    uint32_t default_slots;
    bool tx_meta, rx_meta;
};

/* A port with its rings and buffers; NULL with the reason in `error`. */
struct nm_port *nm_port_create(const struct nm_port_ops *ops, const char *spec, struct nm_region *region,
                               const struct nm_port_options *options, const struct nm_port_shape *shape,
                               char *error, size_t size);
/* The port alone, for those who make their own rings. */
struct nm_port *nm_port_create_bare(const struct nm_port_ops *ops, const char *spec,
                                    struct nm_region *region);
/* Frees the port; what nm_port_create made goes with it. */
void nm_port_release(struct nm_port *port);

/* Why `n_rings` rings of `n_slots` slots could not be had: EINVAL, ENOBUFS or another errno. */
cold_path void nm_port_rings_error(char *error, size_t size, const char *spec, int err,
                                   const struct nm_region *region, uint32_t n_slots, unsigned n_rings);

/* The link type that a writer is to have. */
static inline uint32_t nm_port_link_type(const struct nm_port_options *options)
{
    if (options->link_type == NM_LINK_NULL)
        return 0;
    return options->link_type ? options->link_type : NM_LINK_ETHERNET;
}

int nm_port_no_sync(struct nm_port *port, unsigned ring); /* for a direction the port does not have */
int nm_port_no_wait(struct nm_port *port, unsigned ring,
                    short *events); /* there is never anything to wait for */

/* Fails with "SPEC: message" in `error`. */
__attribute__((format(printf, 4, 5))) cold_path void nm_port_error(char *error, size_t size, const char *spec,
                                                                   const char *format, ...);

#endif
