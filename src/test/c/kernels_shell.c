/*
 * Does what it is told with the kernels, so that a test in Java can compare: reads requests from standard input, writes
 * results to standard output, all integers of 32 bits in the machine's order.
 *   'c' crc offset length bytes     -> the CRC-32C state after them
 *   'u' mask offset length bytes    -> the bytes unmasked, with the 8 in front and the 8 behind them
 *   'a' how offset length bytes     -> bytes are a counter of 16 bytes, a key schedule and text: the counter after it, and the
 *                                      text encrypted, with the 8 in front and the 8 behind it; how is the number of rounds and,
 *                                      in the bits above the lowest 8, how far before the text the encrypted one begins
 *   'b' rounds offset length bytes  -> bytes are a key schedule and a block: the block encrypted
 *   'g' 0 offset length bytes       -> bytes are a hash, its key (two longs each) and data: the hash after it
 *   'h' 0 0 0                       -> 1 if there are the instructions for 'a', 'b' and 'g', else 0
 * The bytes are put 8 and offset bytes behind the beginning of a page.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t mirror_bootstrap_crc32c(uint32_t crc, int64_t address, int64_t length);
void mirror_bootstrap_mask(int64_t address, int64_t length, uint32_t mask);
int32_t mirror_bootstrap_has_aes(void);
void mirror_bootstrap_ghash(int64_t data, int64_t blocks, int64_t state, int64_t key);
void mirror_bootstrap_aes_counter(int64_t in, int64_t out, int64_t length, int64_t counter, int64_t key, int32_t rounds);
void mirror_bootstrap_aes_block(int64_t in, int64_t out, int64_t key, int32_t rounds);

enum { PAGE = 4096, ROOM = 1 << 20 };

static int64_t address(const void *bytes) {
    return (int64_t) (intptr_t) bytes;
}

/* What is in front of the text stands in memory of its own, where the program that calls has it, too. */
static void encrypt(const uint32_t *request, uint8_t *bytes) {
    const int32_t rounds = (int32_t) (request[0] & 0xFF);
    const uint32_t before = request[0] >> 8;
    const uint32_t key_length = ((uint32_t) rounds + 1) * 16;
    const uint32_t length = request[2] - 16 - key_length;
    uint8_t counter[16];
    int32_t key[60];
    memcpy(counter, bytes, sizeof counter);
    memcpy(key, bytes + sizeof counter, key_length);
    memmove(bytes, bytes + sizeof counter + key_length, length);
    memset(bytes + length, 0x5A, sizeof counter + key_length);
    mirror_bootstrap_aes_counter(address(bytes), address(bytes - before), length, address(counter), address(key), rounds);
    fwrite(counter, 1, sizeof counter, stdout);
    fwrite(bytes - before - 8, 1, length + 16, stdout);
}

int main(void) {
    uint8_t *page = aligned_alloc(PAGE, PAGE + ROOM);
    int what;
    while ((what = getchar()) != EOF) {
        uint32_t request[3];
        if (fread(request, sizeof request[0], 3, stdin) != 3 || request[1] + request[2] + 16 > ROOM) {
            return 1;
        }
        uint8_t *bytes = page + 8 + request[1];
        memset(page, 0x5A, request[1] + request[2] + 24);
        if (fread(bytes, 1, request[2], stdin) != request[2]) {
            return 1;
        }
        if (what == 'c') {
            uint32_t crc = mirror_bootstrap_crc32c(request[0], address(bytes), request[2]);
            fwrite(&crc, sizeof crc, 1, stdout);
        } else if (what == 'u') {
            mirror_bootstrap_mask(address(bytes), request[2], request[0]);
            fwrite(bytes - 8, 1, request[2] + 16, stdout);
        } else if (what == 'a') {
            encrypt(request, bytes);
        } else if (what == 'b') {
            uint8_t block[16];
            mirror_bootstrap_aes_block(address(bytes + request[2] - 16), address(block), address(bytes), (int32_t) request[0]);
            fwrite(block, 1, sizeof block, stdout);
        } else if (what == 'g') {
            uint64_t state[2];
            uint64_t key[2];
            memcpy(state, bytes, sizeof state);
            memcpy(key, bytes + sizeof state, sizeof key);
            mirror_bootstrap_ghash(address(bytes + 32), (request[2] - 32) / 16, address(state), address(key));
            fwrite(state, 1, sizeof state, stdout);
        } else {
            int32_t has = mirror_bootstrap_has_aes();
            fwrite(&has, sizeof has, 1, stdout);
        }
        fflush(stdout);
    }
    free(page);
    return 0;
}
