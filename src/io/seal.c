#include "io/seal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/watch.h"

enum {
    VERSION = 1,
    BYTES_AT = 18, /* places in the line */
    HASH_AT = 51,
    OWN_HASH_AT = 79, /* also the length of what the line's own hash covers */
    HEAD_SIZE = 64,   /* of a file: HDF5's signature and first addresses */
    SIGNATURE_SIZE = 8,
};

static const char signature[SIGNATURE_SIZE + 1] = "\x89HDF\r\n\x1a\n";

static void write_line(char *out, uint64_t bytes, uint64_t hash)
{
    char line[SEAL_SIZE + 1];
    (void)snprintf(line, sizeof line, "\nlockstep seal %d: %020" PRIu64 " bytes, hash %016" PRIx64 ", line hash ",
                   (int)VERSION, bytes, hash);
    (void)snprintf(line + OWN_HASH_AT, sizeof line - OWN_HASH_AT, "%016" PRIx64 "\n",
                   hash_bytes(HASH_START, line, OWN_HASH_AT));
    memcpy(out, line, SEAL_SIZE);
}

/* 1 when the line is exactly what write_line makes of its two numbers. */
static int read_line(const char *line, uint64_t *bytes, uint64_t *hash)
{
    char text[SEAL_SIZE + 1];
    char again[SEAL_SIZE];
    memcpy(text, line, SEAL_SIZE);
    text[SEAL_SIZE] = '\0';
    *bytes = strtoull(text + BYTES_AT, NULL, 10); /* whatever they are: the line must come out the same */
    *hash = strtoull(text + HASH_AT, NULL, 16);
    write_line(again, *bytes, *hash);
    return memcmp(again, line, SEAL_SIZE) == 0;
}

static int hash_file(uint64_t *out, int fd, uint64_t bytes, const char *path)
{
    unsigned char block[SEAL_BLOCK];
    int code = LS_OK;
    *out = HASH_START;
    for (uint64_t at = 0; code == LS_OK && at < bytes; at += SEAL_BLOCK) {
        const size_t n = bytes - at < SEAL_BLOCK ? (size_t)(bytes - at) : SEAL_BLOCK;
        code = file_read_at(fd, block, n, at, path);
        if (code == LS_OK) {
            *out = hash_bytes(*out, block, n);
            watch_beat(); /* a slow file system may take minutes for all */
        }
    }
    return code;
}

int seal_append(const char *path)
{
    char line[SEAL_SIZE];
    uint64_t size = 0;
    uint64_t hash = 0;
    int reading = -1;
    int code = file_open_regular(&reading, &size, path);
    if (code != LS_OK) {
        return code;
    }
    const int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) {
        code = error_set(LS_EIO, "%s: cannot be opened for its seal: %m", path);
        goto cleanup;
    }
    code = hash_file(&hash, reading, size, path);
    if (code != LS_OK) {
        goto cleanup;
    }
    write_line(line, size, hash);
    if (file_write(fd, line, SEAL_SIZE) != 0) {
        code = error_set(LS_EIO, "%s: the seal cannot be written: %m", path);
    }
cleanup:
    if (fd >= 0 && close(fd) != 0 && code == LS_OK) {
        code = error_set(LS_EIO, "%s: the seal cannot be written: %m", path);
    }
    (void)close(reading);
    return code;
}

static uint64_t little_endian(const unsigned char *bytes)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/*
 * The length that HDF5's first block gives the file, 0 when there is no such block. HDF5 itself must not be asked: its
 * reader may crash on a damaged file.
 */
static uint64_t length_of_hdf5(const unsigned char *head)
{
    enum { V0_END = 40, V1_END = 44, V2_END = 28, V0_WIDTH_AT = 13, V2_WIDTH_AT = 9 };
    const int version = head[SIGNATURE_SIZE];
    if (memcmp(head, signature, SIGNATURE_SIZE) != 0 || version > 3) {
        return 0;
    }
    const int at = version == 0 ? V0_END : version == 1 ? V1_END : V2_END;
    return head[version < 2 ? V0_WIDTH_AT : V2_WIDTH_AT] == 8 ? little_endian(head + at) : 0;
}

/* What can be said of a file whose last bytes are no seal. */
static int examine_unsealed(seal_state *out, int fd, const char *path)
{
    unsigned char head[HEAD_SIZE] = {0};
    const size_t n = out->bytes < HEAD_SIZE ? (size_t)out->bytes : HEAD_SIZE;
    const int code = file_read_at(fd, head, n, 0, path);
    if (code != LS_OK) {
        return code;
    }
    out->verdict = SEAL_NONE;
    if (n < HEAD_SIZE) { /* not even a first block: the beginning of one, or something else */
        if (memcmp(head, signature, n < SIGNATURE_SIZE ? n : SIGNATURE_SIZE) == 0) {
            out->verdict = SEAL_CUT;
        }
        return LS_OK;
    }
    const uint64_t end = length_of_hdf5(head);
    if (end == 0 || end > UINT64_MAX / 2) {
        return LS_OK;
    }
    if (out->bytes != end && out->bytes < end + SEAL_SIZE) {
        out->verdict = SEAL_CUT;
        out->sealed = end + SEAL_SIZE;
    } else if (out->bytes == end + SEAL_SIZE) {
        out->verdict = SEAL_DAMAGED;
        out->sealed = out->bytes;
    }
    return LS_OK;
}

static int examine(seal_state *out, int fd, const char *path)
{
    char line[SEAL_SIZE];
    uint64_t bytes = 0;
    uint64_t hash = 0;
    uint64_t now = 0;
    if (out->bytes < SEAL_SIZE) {
        return examine_unsealed(out, fd, path);
    }
    int code = file_read_at(fd, line, SEAL_SIZE, out->bytes - SEAL_SIZE, path);
    if (code != LS_OK) {
        return code;
    }
    if (!read_line(line, &bytes, &hash)) {
        return examine_unsealed(out, fd, path);
    }
    out->sealed = bytes + SEAL_SIZE;
    out->verdict = SEAL_DAMAGED;
    if (bytes != out->bytes - SEAL_SIZE) {
        return LS_OK;
    }
    code = hash_file(&now, fd, bytes, path);
    if (code == LS_OK && now == hash) {
        out->verdict = SEAL_GOOD;
    }
    return code;
}

int seal_check(seal_state *out, const char *path)
{
    int fd = -1;
    *out = (seal_state){.verdict = SEAL_NONE};
    int code = file_open_regular(&fd, &out->bytes, path);
    if (code == LS_OK) {
        code = examine(out, fd, path);
        (void)close(fd);
    }
    return code;
}

int seal_holds_text(const char *path, const char *text)
{
    enum { MOST = 64 };
    unsigned char window[MOST + SEAL_BLOCK]; /* the end of the block before, then a block */
    const size_t length = strnlen(text, MOST);
    uint64_t size = 0;
    int fd = -1;
    int found = 0;
    size_t kept = 0;
    int code = file_open_regular(&fd, &size, path);
    if (code != LS_OK) {
        return code;
    }
    for (uint64_t at = 0; code == LS_OK && !found && at < size; at += SEAL_BLOCK) {
        const size_t n = size - at < SEAL_BLOCK ? (size_t)(size - at) : SEAL_BLOCK;
        code = file_read_at(fd, window + kept, n, at, path);
        if (code == LS_OK) {
            found = memmem(window, kept + n, text, length) != NULL;
            const size_t next = kept + n < length ? kept + n : length - 1;
            memmove(window, window + kept + n - next, next);
            kept = next;
        }
    }
    (void)close(fd);
    return code != LS_OK ? code : found;
}
