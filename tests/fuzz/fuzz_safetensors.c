/*
 * Files of safetensors. With HEADER in an input's first byte, what follows is a header, to which its length is added,
 * and zeros as data; without, what follows is a file. What is read keeps its promises: tensors are sorted, none twice,
 * they cover the data, and all their numbers can be read. Then the file is imported, as of whichever network it is.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "base/error.h"
#include "exchange/import.h"
#include "exchange/safetensors.h"

enum { HEADER = 1, LENGTH_SIZE = 8, DATA = 4096, MOST_READ = 1 << 20 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static void read_all(const safetensors *s, size_t size)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < s->count; i++) {
        const safetensors_tensor *t = &s->tensors[i];
        FUZZ_CHECK(i == 0 || strcmp(s->tensors[i - 1].name, t->name) < 0);
        FUZZ_CHECK(safetensors_find(s, t->name) == t);
        FUZZ_CHECK(t->offset <= size && t->bytes <= size - t->offset && t->rank <= SAFETENSORS_MOST_RANK);
        FUZZ_CHECK(t->size <= t->bytes);
        bytes += t->bytes;
        real *out = t->size <= MOST_READ ? malloc((t->size + (t->size == 0)) * sizeof *out) : NULL;
        if (out != NULL) {
            fuzz_check_code(safetensors_read(s, t, out));
        }
        free(out);
    }
    FUZZ_CHECK(bytes < size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_path("file.safetensors");
    safetensors s;
    importer *i = NULL;
    if (size == 0) {
        return 0;
    }
    const size_t n = size - 1;
    const size_t whole = (data[0] & HEADER) != 0 ? LENGTH_SIZE + n + DATA : n;
    uint8_t *bytes = calloc(whole + 1, 1);
    FUZZ_CHECK(bytes != NULL);
    if ((data[0] & HEADER) != 0) {
        for (size_t k = 0; k < LENGTH_SIZE; k++) {
            bytes[k] = (uint8_t)((uint64_t)n >> 8 * k);
        }
        memcpy(bytes + LENGTH_SIZE, data + 1, n);
    } else {
        memcpy(bytes, data + 1, n);
    }
    fuzz_write_file(path, bytes, whole);
    free(bytes);
    const int code = safetensors_open(&s, path);
    fuzz_check_code(code);
    if (code == LS_OK) {
        read_all(&s, whole);
    }
    safetensors_close(&s);
    if ((data[0] & HEADER) != 0) { /* others may be of HDF5, which is fuzzed elsewhere */
        fuzz_check_code(import_open(&i, path, NULL));
        import_close(i);
    }
    return 0;
}

size_t fuzz_seed(size_t number, uint8_t *out, size_t room)
{
    static const char *const seeds[] = {
        "\1{\"a\":{\"dtype\":\"F32\",\"shape\":[2,512],\"data_offsets\":[0,4096]}}",
        "\1{\"a\":{\"dtype\":\"F16\",\"shape\":[1024],\"data_offsets\":[0,2048]},"
        "\"b\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[2048,2050]},"
        "\"c\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[2050,2050]},"
        "\"d\":{\"dtype\":\"U8\",\"shape\":[2046],\"data_offsets\":[2050,4096]}}",
        "\1{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"I64\",\"shape\":[512],\"data_offsets\":[0,4096]}}",
        "\1{\"features.0.0.weight\":{\"dtype\":\"F32\",\"shape\":[8,3,3,3],\"data_offsets\":[0,864]},"
        "\"classifier.1.weight\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[864,896]},"
        "\"classifier.1.bias\":{\"dtype\":\"F32\",\"shape\":[800],\"data_offsets\":[896,4096]}}",
        "\1{\"x.conv_stem.weight\":{\"dtype\":\"F32\",\"shape\":[1024],\"data_offsets\":[0,4096]}}",
        "\1{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,2]}}",
        "\1{\"a\":{\"dtype\":\"F32\",\"shape\":[9007199254740992,4096],\"data_offsets\":[0,0]}}",
        "\1{}",
        "\2abc",
        "\2\377\377\377\377\377\377\377\377{}",
    };
    if (number >= sizeof seeds / sizeof *seeds) {
        return 0;
    }
    const size_t size = strlen(seeds[number]);
    FUZZ_CHECK(size <= room);
    memcpy(out, seeds[number], size);
    return size;
}
