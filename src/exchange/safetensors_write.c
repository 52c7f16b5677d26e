#include "exchange/safetensors_write.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json.h"
#include "base/output.h"

enum { ALIGNMENT = 8, COUNT_BYTES = 8 };

static size_t size_of(const safetensors_output *t)
{
    size_t n = 1;
    for (int i = 0; i < t->rank; i++) {
        n *= t->shape[i];
    }
    return n;
}

static size_t bytes_of(const safetensors_output *t)
{
    return t->is_count ? COUNT_BYTES : size_of(t) * sizeof(real);
}

/* One line for the header of a tensor whose data begins at `offset`. */
static void add_entry(json *j, const safetensors_output *t, size_t offset)
{
    json_open(j, t->name, '{');
    json_text(j, "dtype", t->is_count ? "I64" : sizeof(real) == sizeof(float) ? "F32" : "F64");
    json_open(j, "shape", '[');
    for (int i = 0; i < t->rank; i++) {
        json_whole(j, NULL, (int64_t)t->shape[i]);
    }
    json_close(j, ']');
    json_open(j, "data_offsets", '[');
    json_whole(j, NULL, (int64_t)offset);
    json_whole(j, NULL, (int64_t)(offset + bytes_of(t)));
    json_close(j, ']');
    json_close(j, '}');
}

/* The header, padded with spaces so that the data is aligned; *out is the caller's to free. */
static int make_header(char **out, size_t *size, const safetensors_output *tensors, size_t n,
                       const safetensors_note *notes, size_t note_count)
{
    size_t offset = 0;
    json j = {.to = open_memstream(out, size)};
    if (j.to == NULL) {
        return LS_ENOMEM;
    }
    json_open(&j, NULL, '{');
    json_open(&j, "__metadata__", '{');
    for (size_t i = 0; i < note_count; i++) {
        json_text(&j, notes[i].key, notes[i].text);
    }
    json_close(&j, '}');
    for (size_t i = 0; i < n; i++) {
        add_entry(&j, &tensors[i], offset);
        offset += bytes_of(&tensors[i]);
    }
    json_close(&j, '}');
    (void)fflush(j.to);
    for (size_t i = *size; i % ALIGNMENT != 0; i++) {
        (void)fputc(' ', j.to);
    }
    const int failed = ferror(j.to);
    return fclose(j.to) == 0 && !failed ? LS_OK : LS_ENOMEM;
}

/* Numbers as the file has them: little endian. */
static void put_numbers(FILE *to, const real *values, size_t n)
{
    uint8_t bytes[sizeof(real)];
    for (size_t i = 0; i < n; i++) {
        union {
            real value;
            uint32_t single;
            uint64_t whole;
        } u = {.whole = 0};
        u.value = values[i];
        const uint64_t bits = sizeof(real) == sizeof u.single ? u.single : u.whole;
        for (size_t k = 0; k < sizeof bytes; k++) {
            bytes[k] = (uint8_t)(bits >> 8 * k);
        }
        (void)fwrite(bytes, 1, sizeof bytes, to);
    }
}

static int put_tensor(FILE *to, const safetensors_output *tensors, size_t i, safetensors_fill *fill, void *context)
{
    static const char zero[COUNT_BYTES];
    if (tensors[i].is_count) {
        (void)fwrite(zero, 1, sizeof zero, to);
        return LS_OK;
    }
    const size_t n = size_of(&tensors[i]);
    real *values = calloc(n + 1, sizeof *values);
    if (values == NULL) {
        return error_set(LS_ENOMEM, "out of memory for tensor %s", tensors[i].name);
    }
    const int code = fill(context, i, values);
    if (code == LS_OK) {
        put_numbers(to, values, n);
    }
    free(values);
    return code;
}

int safetensors_write(const char *path, const char *what, const safetensors_output *tensors, size_t n,
                      const safetensors_note *notes, size_t note_count, safetensors_fill *fill, void *context)
{
    char *header = NULL;
    size_t size = 0;
    output_file file = {0};
    int code = output_check(path, what);
    if (code == LS_OK && make_header(&header, &size, tensors, n, notes, note_count) != LS_OK) {
        code = error_set(LS_ENOMEM, "%s: out of memory for the header", path);
    }
    if (code == LS_OK) {
        code = output_begin(&file, path);
    }
    if (code == LS_OK) {
        for (int i = 0; i < 8; i++) {
            (void)fputc((int)((uint64_t)size >> 8 * i & 0xff), file.to);
        }
        (void)fwrite(header, 1, size, file.to);
    }
    for (size_t i = 0; code == LS_OK && i < n; i++) {
        code = put_tensor(file.to, tensors, i, fill, context);
    }
    free(header);
    return output_end(&file, what, code);
}
