/*
 * Makes one process deaf: LD_PRELOAD it, and while there is a file named DEAF_WHILE, no connection is accepted, as if there were
 * no descriptors left.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int accept(int fd, struct sockaddr *restrict from, socklen_t *restrict length) {
    static int (*real)(int, struct sockaddr *, socklen_t *);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "accept");
    }
    const char *file = getenv("DEAF_WHILE");
    if (file != NULL && access(file, F_OK) == 0) {
        errno = EMFILE;
        return -1;
    }
    return real(fd, from, length);
}
