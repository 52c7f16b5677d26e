#include "io/h5_client.h"

#include "base/error.h"
#include "base/size.h"

int h5_ask_number(const h5_file *f, h5_ask ask, const char *name, const char *attribute)
{
    int32_t found = 0;
    const h5_request q = {.ask = ask, .name = name, .attribute = attribute};
    return h5_remote_get(f->remote, &q, &found, sizeof found) == LS_OK && found == 1;
}

int h5_ask_texts(const h5_file *f, h5_ask ask, const char *name, const char *attribute, char ***out, size_t *count)
{
    const h5_request q = {.ask = ask, .name = name, .attribute = attribute};
    /* Texts may be padded in the file, or lie in it once for several; they are not many times as long as the file. */
    const uint64_t most = 2 * f->size + (1 << 20);
    *out = NULL;
    *count = 0;
    return h5_remote_texts(f->remote, &q, out, count, most);
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

int h5_ask_stat(const h5_file *f, const char *name, h5_shape *out)
{
    const h5_request q = {.ask = H5_ASK_STAT, .name = name};
    const int code = h5_remote_get(f->remote, &q, out, sizeof *out);
    return code == LS_OK ? check_shape(f, name, out) : code;
}

int h5_ask_array(const h5_file *f, const h5_request *q, void *out)
{
    h5_shape shape = {.rank = 1};
    size_t bytes = 0;
    const int code = q->ask == H5_ASK_SLICE ? h5_ask_stat(f, q->name, &shape) : LS_OK;
    if (code != LS_OK) {
        return code;
    }
    const size_t columns = shape.rank == 2 ? shape.dims[1] : 1;
    if (size_mul(&bytes, (size_t)q->count, columns) != 0 || size_mul(&bytes, bytes, h5_width(q->type)) != 0) {
        return h5_fail(f, q->name, LS_EFORMAT, "the data set's size is impossible");
    }
    return h5_remote_get(f->remote, q, out, bytes);
}
