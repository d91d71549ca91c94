#ifndef NMCLICK_PORTS_PCAP_WRITE_H
#define NMCLICK_PORTS_PCAP_WRITE_H

#include "driver.h"

struct nm_port *pcap_open_writer(const char *spec, const char *path, struct nm_region *region,
                                 const struct nm_port_options *options, char *error, size_t size);

#endif
