/*
 * Preloaded, it lets a process have no memory from which it runs what it has written, as systemd's MemoryDenyWriteExecute=yes does. Where
 * the kernel cannot do that (before Linux 6.3) the process ends with 77.
 */
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1UL
#endif

__attribute__((constructor)) static void deny(void) {
    /* it is handed on at exec, where to ask for it once more is none too many */
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0UL, 0UL, 0UL) != 0) {
        _exit(77);
    }
}
