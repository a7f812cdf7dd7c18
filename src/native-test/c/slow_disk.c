/*
 * Makes a disk slow or full for one process: LD_PRELOAD it, and each MiB that the process writes to regular files at a
 * position takes SLOW_DISK_MS_PER_MIB milliseconds longer; while there is a file named FULL_DISK_WHILE, there is no space.
 * Forcing a file takes SLOW_FORCE_MS milliseconds longer.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static int is_full(void) {
    const char *full = getenv("FULL_DISK_WHILE");
    return full != NULL && access(full, F_OK) == 0;
}

static void wait_for(int fd, size_t bytes) {
    struct stat file;
    const char *ms = getenv("SLOW_DISK_MS_PER_MIB");
    if (ms == NULL || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
        return;
    }
    long long nanos = (long long) (atof(ms) * 1e6 * (double) bytes / (1024 * 1024));
    struct timespec pause = {nanos / 1000000000LL, nanos % 1000000000LL};
    nanosleep(&pause, NULL);
}

ssize_t pwrite64(int fd, const void *from, size_t bytes, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "pwrite64");
    }
    if (is_full()) {
        errno = ENOSPC;
        return -1;
    }
    wait_for(fd, bytes);
    return real(fd, from, bytes, at);
}

ssize_t pwrite(int fd, const void *from, size_t bytes, off_t at) {
    return pwrite64(fd, from, bytes, at);
}

int fsync(int fd) {
    static int (*real)(int);
    const char *ms = getenv("SLOW_FORCE_MS");
    if (real == NULL) {
        real = dlsym(RTLD_NEXT, "fsync");
    }
    if (ms != NULL) {
        struct timespec pause = {atoi(ms) / 1000, atoi(ms) % 1000 * 1000000L};
        nanosleep(&pause, NULL);
    }
    return real(fd);
}
