#include "io/h5_client.h"

#include "base/error.h"
#include "base/size.h"

/* Texts may be padded in the file, or lie in it once for several; they are not many times as long as the file. */
static uint64_t most_text(const h5_file *f)
{
    return 2 * f->size + (1 << 20);
}

static int ask_number(const h5_file *f, h5_ask ask, const char *name, const char *attribute)
{
    int32_t found = 0;
    const h5_request q = {.ask = ask, .name = name, .attribute = attribute};
    return h5_remote_get(f->remote, &q, &found, sizeof found) == LS_OK && found == 1;
}

static int ask_texts(const h5_file *f, h5_ask ask, const char *name, const char *attribute, char ***out, size_t *count)
{
    const h5_request q = {.ask = ask, .name = name, .attribute = attribute};
    *out = NULL;
    *count = 0;
    return h5_remote_texts(f->remote, &q, out, count, most_text(f));
}

int h5_client_exists(const h5_file *f, const char *name)
{
    return ask_number(f, H5_ASK_EXISTS, name, NULL);
}

int h5_client_attr_exists(const h5_file *f, const char *name, const char *attribute)
{
    return ask_number(f, H5_ASK_ATTR_EXISTS, name, attribute);
}

int h5_client_list(const h5_file *f, const char *group, char ***out, size_t *count)
{
    return ask_texts(f, H5_ASK_LIST, group, NULL, out, count);
}

int h5_client_read_strings(const h5_file *f, const char *name, char ***out, size_t *count)
{
    return ask_texts(f, H5_ASK_STRINGS, name, NULL, out, count);
}

int h5_client_read_attr_strings(const h5_file *f, const char *name, const char *attribute, char ***out, size_t *count)
{
    return ask_texts(f, H5_ASK_ATTR_STRINGS, name, attribute, out, count);
}

int h5_client_read_number(const h5_file *f, const char *name, const char *attribute, h5_type type, void *out)
{
    const h5_request q = {.ask = H5_ASK_ATTR_NUMBER, .type = type, .name = name, .attribute = attribute};
    return h5_remote_get(f->remote, &q, out, sizeof(uint64_t));
}

/* A shape that agrees with itself; the reader's sums are not relied on. */
static int check_shape(const h5_file *f, const char *name, h5_shape *s)
{
    size_t size = 1;
    if (s->rank < 0 || s->rank > H5_MAX_RANK || (unsigned)s->type > H5_OTHER) {
        return h5_fail(f, name, LS_EFORMAT, "the data set's shape cannot be read");
    }
    for (int i = 0; i < s->rank; i++) {
        if (size_mul(&size, size, s->dims[i]) != 0) {
            return h5_fail(f, name, LS_EFORMAT, "the data set's size is impossible");
        }
    }
    s->size = s->size == 0 ? 0 : size; /* 0: there is no space at all, or a dimension of none */
    return LS_OK;
}

int h5_client_stat(const h5_file *f, const char *name, h5_shape *out)
{
    const h5_request q = {.ask = H5_ASK_STAT, .name = name};
    const int code = h5_remote_get(f->remote, &q, out, sizeof *out);
    return code == LS_OK ? check_shape(f, name, out) : code;
}

int h5_client_read(const h5_file *f, const char *name, h5_type type, size_t size, void *out)
{
    size_t bytes = 0;
    const h5_request q = {.ask = H5_ASK_READ, .type = type, .count = size, .name = name};
    if (size_mul(&bytes, size, h5_width(type)) != 0) {
        return h5_fail(f, name, LS_EFORMAT, "the data set's size is impossible");
    }
    return h5_remote_get(f->remote, &q, out, bytes);
}

int h5_client_read_slice(const h5_file *f, const char *name, h5_type type, size_t start, size_t count, void *out)
{
    h5_shape shape;
    size_t bytes = 0;
    const h5_request q = {.ask = H5_ASK_SLICE, .type = type, .start = start, .count = count, .name = name};
    const int code = h5_client_stat(f, name, &shape);
    if (code != LS_OK) {
        return code;
    }
    const size_t columns = shape.rank == 2 ? shape.dims[1] : 1;
    if (size_mul(&bytes, count, columns) != 0 || size_mul(&bytes, bytes, h5_width(type)) != 0) {
        return h5_fail(f, name, LS_EFORMAT, "the data set's size is impossible");
    }
    return h5_remote_get(f->remote, &q, out, bytes);
}

int h5_client_find_place(const h5_file *f, const char *name, h5_type type, h5_place *out)
{
    const h5_request q = {.ask = H5_ASK_PLACE, .type = type, .name = name};
    return h5_remote_get(f->remote, &q, out, sizeof *out);
}
