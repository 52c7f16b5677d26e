#include "exchange/archive.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

enum {
    VERSION = 20,
    FIRST_DAY = 0x21
}; /* of the format; of its calendar, 1980-01-01: the same content is the same file */

static void put(FILE *to, uint64_t value, int width)
{
    for (int i = 0; i < width; i++) {
        (void)fputc((int)(value >> (8 * i) & 0xff), to);
    }
}

/* What the file's own head and the directory have in common. */
static void put_head(FILE *to, const char *name, const char *bytes, size_t size)
{
    put(to, VERSION, 2);
    put(to, 0x800, 2); /* the name is UTF-8 */
    put(to, 0, 2);     /* as it is */
    put(to, 0, 2);     /* midnight */
    put(to, FIRST_DAY, 2);
    put(to, crc32_z(0, (const unsigned char *)bytes, size), 4);
    put(to, size, 4);
    put(to, size, 4);
    put(to, strlen(name), 2);
    put(to, 0, 2); /* nothing extra */
}

void archive_append(FILE *to, const char *name, const char *bytes, size_t size)
{
    const long start = ftell(to);
    put(to, 0x04034b50, 4);
    put_head(to, name, bytes, size);
    (void)fputs(name, to);
    (void)fwrite(bytes, 1, size, to);
    const long directory = ftell(to);
    put(to, 0x02014b50, 4);
    put(to, VERSION, 2);
    put_head(to, name, bytes, size);
    put(to, 0, 2); /* no comment */
    put(to, 0, 2); /* on this disk */
    put(to, 0, 2); /* attributes, twice */
    put(to, 0, 4);
    put(to, (uint64_t)start, 4);
    (void)fputs(name, to);
    const long end = ftell(to);
    put(to, 0x06054b50, 4);
    put(to, 0, 4); /* one disk */
    put(to, 1, 2); /* with one file, of one */
    put(to, 1, 2);
    put(to, (uint64_t)(end - directory), 4);
    put(to, (uint64_t)directory, 4);
    put(to, 0, 2); /* no comment */
}
