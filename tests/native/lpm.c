/* lpm.h against a plain search, over random sequences of additions, replacements and removals. */
#include "check.h"
#include "nmclick/lpm.h"

enum { ROUTES = 48, ROUNDS = 4000 };

static struct {
    uint32_t network;
    uint8_t length;
    uint16_t port;
    bool used;
} model[ROUTES + 1];

static uint32_t seed = 1;

static uint32_t chance(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)seed * n) >> 32);
}

/* The number of the route with the longest prefix, 0: none. */
static uint32_t search(uint32_t address, unsigned below)
{
    uint32_t found = 0;
    for (uint32_t i = 1; i <= ROUTES; i++)
        if (model[i].used && model[i].length < below &&
            (address ^ model[i].network) >> (32 - model[i].length) == 0 &&
            (!found || model[i].length > model[found].length))
            found = i;
    return found;
}

static void check_all(const struct lpm *t, unsigned root_bits)
{
    for (uint32_t i = 1; i <= ROUTES; i++) {
        uint32_t last = model[i].network | (model[i].length == 32 ? 0 : UINT32_MAX >> model[i].length);
        uint32_t near[] = {model[i].network, model[i].network - 1, last, last + 1};
        for (unsigned n = 0; n < 4; n++)
            CHECK_EQUAL(lpm_lookup(t, root_bits, near[n]), search(near[n], 33));
    }
}

static void apply(struct lpm *t, unsigned root_bits, struct lpm_change change)
{
    CHECK_EQUAL(lpm_apply(t, root_bits, &change, sizeof change), 0);
}

static void remove_route(struct lpm *t, unsigned root_bits, uint32_t i)
{
    model[i].used = false;
    apply(t, root_bits,
          (struct lpm_change){.address = model[i].network,
                              .route = search(model[i].network, model[i].length),
                              .only = i,
                              .port = LPM_NO_ROUTE,
                              .length = model[i].length});
}

static void churn(unsigned root_bits)
{
    static const uint8_t lengths[] = {2, 8, 15, 16, 17, 20, 23, 24, 25, 28, 30, 31, 32, 32};
    struct lpm t = {0};
    CHECK(lpm_init(&t, root_bits));
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t i = 1 + chance(ROUTES);
        if (model[i].used) {
            remove_route(&t, root_bits, i);
        } else {
            uint8_t length = lengths[chance(sizeof lengths)];
            uint32_t network = (0x0a000000 | chance(3) << 15 | chance(1 << 10)) >> (32 - length)
                                                                                       << (32 - length);
            for (uint32_t j = 1; j <= ROUTES; j++) /* one route a prefix: a new number replaces the old */
                if (model[j].used && model[j].network == network && model[j].length == length)
                    model[j].used = false;
            model[i].network = network;
            model[i].length = length;
            model[i].used = true;
            apply(&t, root_bits, (struct lpm_change){.address = network, .route = i, .length = length});
        }
        if (round % 16 == 0)
            check_all(&t, root_bits);
    }
    for (uint32_t i = 1; i <= ROUTES; i++)
        if (model[i].used)
            remove_route(&t, root_bits, i);
    check_all(&t, root_bits);
    uint32_t n_free = 0;
    for (uint32_t node = t.free_node; node; node = t.nodes[node - 1][0])
        n_free++;
    CHECK(n_free > 0);
    CHECK_EQUAL(n_free, t.n_nodes); /* nothing holds a node any more */
    lpm_free(&t, root_bits);
}

TEST(random_changes_with_16_bits_first)
{
    churn(16);
}

TEST(random_changes_with_24_bits_first)
{
    churn(24);
}

TEST(the_default_route_leaves_the_tables_alone)
{
    struct lpm t = {0};
    CHECK(lpm_init(&t, 24));
    CHECK_EQUAL(t.routes[0].port, LPM_NO_ROUTE);
    apply(&t, 24, (struct lpm_change){.gateway = 5, .port = 3, .route = 9});
    CHECK_EQUAL(lpm_lookup(&t, 24, 77), 0);
    CHECK_EQUAL(t.routes[0].port, 3);
    CHECK_EQUAL(t.routes[0].gateway, 5);
    apply(&t, 24, (struct lpm_change){.port = LPM_NO_ROUTE, .only = 9});
    CHECK_EQUAL(t.routes[0].port, LPM_NO_ROUTE);
    lpm_free(&t, 24);
}

TEST(clearing_forgets_everything)
{
    struct lpm t = {0};
    CHECK(lpm_init(&t, 16));
    apply(&t, 16, (struct lpm_change){.address = 0x0a000001, .length = 32, .route = 1, .port = 2});
    apply(&t, 16, (struct lpm_change){.address = 0x0a000000, .length = 8, .route = 2, .port = 2});
    CHECK_EQUAL(lpm_lookup(&t, 16, 0x0a000001), 1);
    lpm_clear(&t, 16);
    CHECK_EQUAL(lpm_lookup(&t, 16, 0x0a000001), 0);
    CHECK_EQUAL(lpm_lookup(&t, 16, 0x0aff0001), 0);
    apply(&t, 16, (struct lpm_change){.address = 0x0a000001, .length = 32, .route = 1, .port = 2});
    CHECK_EQUAL(lpm_lookup(&t, 16, 0x0a000001), 1);
    lpm_free(&t, 16);
}
