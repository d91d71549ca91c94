/* A port of another region, made usable by a pipeline: its packets are copied at the boundary. */
#ifndef NMCLICK_PORTS_BRIDGE_H
#define NMCLICK_PORTS_BRIDGE_H

#include "../driver.h"

/* The port that stands for `inner` in `region`; `inner` goes with it. On failure NULL, with the reason in
 * `error`, and `inner` is closed. */
struct nm_port *nm_bridge(struct nm_port *inner, struct nm_region *region,
                          const struct nm_port_options *options, char *error, size_t size);

/* What a port stands for: itself unless it is a bridge. */
struct nm_port *nm_bridge_inner(struct nm_port *port);

#endif
