/* opener [NAME]: opens netmap, and the port if it has a name; says "open" or what stood in the way, and stays
 * until its input ends. */
#include "client.h"
#include "ports/netmap/user.h"

int main(int argc, char **argv)
{
    struct nmreq_register reg = {0};
    int fd = nm_user_calls.open(), err = fd < 0 ? errno : 0;
    if (!err && argc == 2)
        err = try_register(fd, argv[1], &reg, NULL);
    if (err)
        printf("%s: %s\n", strerror(err), nm_user_trouble());
    else
        printf("open\n");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    if (fd >= 0)
        nm_user_calls.close(fd);
    return 0;
}
