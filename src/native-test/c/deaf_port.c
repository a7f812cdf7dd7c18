/*
 * Makes one process deaf: LD_PRELOAD it, and while there is a file named DEAF_WHILE, no connection is accepted, as if there were
 * no descriptors left. While there is a file named NO_PORT_WHILE, no port of its own is left for a connection: that file grows by a byte
 * whenever one was asked for.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
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

int bind(int fd, const struct sockaddr *to, socklen_t length) {
    static int (*real)(int, const struct sockaddr *, socklen_t);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "bind");
    }
    const char *file = getenv("NO_PORT_WHILE");
    int is_any = (to->sa_family == AF_INET && ((const struct sockaddr_in *) to)->sin_port == 0)
            || (to->sa_family == AF_INET6 && ((const struct sockaddr_in6 *) to)->sin6_port == 0);
    int asked = file == NULL || !is_any ? -1 : open(file, O_WRONLY | O_APPEND);
    if (asked < 0) {
        return real(fd, to, length);
    }
    ssize_t told = write(asked, "x", 1);
    close(asked);
    errno = told == 1 ? EADDRINUSE : EIO;
    return -1;
}
