/*
 * Does what it is told with the kernels, so that a test in Java can compare: reads requests from standard input, writes
 * results to standard output, all integers of 32 bits in the machine's order.
 *   'c' crc offset length bytes     -> the CRC-32C state after them
 *   'u' mask offset length bytes    -> the bytes unmasked, with the 8 in front and the 8 behind them
 * The bytes are put 8 and offset bytes behind the beginning of a page.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t mirror_bootstrap_crc32c(uint32_t crc, int64_t address, int64_t length);
void mirror_bootstrap_unmask(int64_t address, int64_t length, uint32_t mask);

enum { PAGE = 4096, ROOM = 1 << 20 };

int main(void) {
    uint8_t *page = aligned_alloc(PAGE, PAGE + ROOM);
    int what;
    while ((what = getchar()) != EOF) {
        uint32_t request[3];
        if (fread(request, sizeof request[0], 3, stdin) != 3 || request[1] + request[2] + 8 > ROOM) {
            return 1;
        }
        uint8_t *bytes = page + 8 + request[1];
        memset(page, 0x5A, request[1] + request[2] + 24);
        if (fread(bytes, 1, request[2], stdin) != request[2]) {
            return 1;
        }
        if (what == 'c') {
            uint32_t crc = mirror_bootstrap_crc32c(request[0], (int64_t) (intptr_t) bytes, request[2]);
            fwrite(&crc, sizeof crc, 1, stdout);
        } else {
            mirror_bootstrap_unmask((int64_t) (intptr_t) bytes, request[2], request[0]);
            fwrite(bytes - 8, 1, request[2] + 16, stdout);
        }
        fflush(stdout);
    }
    free(page);
    return 0;
}
