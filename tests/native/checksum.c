/* Answers questions about checksum.h: one a line on standard input, the answer on standard output.
 * "sum HEX" checksum(), "header HEX" ip_header_is_intact(), "update16 OLD A B", "update32 OLD A B"
 * (hexadecimal numbers). */
#include <stdio.h>
#include <stdlib.h>

#include "nmclick/checksum.h"

int main(void)
{
    static char line[1 << 18], word[16];
    while (fgets(line, sizeof line, stdin)) {
        unsigned old, a, b;
        int at = 0;
        sscanf(line, "%15s %n", word, &at);
        if (sscanf(line, "update16 %x %x %x", &old, &a, &b) == 3) {
            printf("%04x\n", checksum_update16((uint16_t)old, (uint16_t)a, (uint16_t)b));
        } else if (sscanf(line, "update32 %x %x %x", &old, &a, &b) == 3) {
            printf("%04x\n", checksum_update32((uint16_t)old, a, b));
        } else {
            size_t n = strcspn(line + at, "\n") / 2;
            uint8_t *data =
                malloc(n + !n); /* of just this size, so that AddressSanitizer sees every byte too many */
            for (size_t i = 0; i < n; i++) {
                sscanf(line + at + 2 * i, "%2x", &a);
                data[i] = (uint8_t)a;
            }
            if (strcmp(word, "sum") == 0)
                printf("%04x\n", BE16(checksum(data, (uint32_t)n)));
            else
                printf("%x\n", ip_header_is_intact(data, (uint32_t)n));
            free(data);
        }
    }
    return 0;
}
