/* Tests in C: TEST(name) { CHECK(...); }. The program runs the test named by its argument. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nmclick/region.h"

struct test {
    const char *name;
    void (*run)(void);
};
static struct test tests[64];
static unsigned n_tests;

#define TEST(name)                                                                                           \
    static void name(void);                                                                                  \
    __attribute__((constructor)) static void add_##name(void)                                                \
    {                                                                                                        \
        tests[n_tests++] = (struct test){#name, name};                                                       \
    }                                                                                                        \
    static void name(void)

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

#define CHECK_EQUAL(got, want)                                                                               \
    do {                                                                                                     \
        long long got_ = (long long)(got), want_ = (long long)(want);                                        \
        if (got_ != want_) {                                                                                 \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, got_, want_);         \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

static inline struct nm_region *make_region(uint32_t n_buffers)
{
    char error[256] = "";
    struct nm_region *region = nm_region_create(n_buffers, 2048, error, sizeof error);
    if (!region)
        fprintf(stderr, "%s\n", error);
    CHECK(region);
    return region;
}

static inline struct nm_port *make_port(const char *spec, struct nm_region *region,
                                        struct nm_port_options options)
{
    char error[512] = "";
    struct nm_port *port = nm_port_open(spec, region, &options, error, sizeof error);
    if (!port)
        fprintf(stderr, "%s\n", error);
    CHECK(port);
    return port;
}

/* Everything was given back. */
static inline void end_region(struct nm_region *region)
{
    CHECK_EQUAL(nm_region_in_use(region), 0);
    nm_region_destroy(region);
}

int main(int argc, char **argv)
{
    for (unsigned i = 0; i < n_tests; i++) {
        if (argc == 2 && strcmp(argv[1], tests[i].name) == 0) {
            tests[i].run();
            return 0;
        }
    }
    fprintf(stderr, "no such test\n");
    return 2;
}

#endif
