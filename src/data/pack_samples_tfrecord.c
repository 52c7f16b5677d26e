#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/protobuf.h"
#include "data/pack_samples.h"
#include "io/packed.h"

/*
 * TFRecord files of tf.train.Example (tensorflow.org/tutorials/load_data/tfrecord): records of a length of 64 bits, its
 * masked CRC-32C, the bytes, and their masked CRC-32C. An Example is a map of names to lists; pictures and labels have
 * the names that TensorFlow's own tools give them, or those of TensorFlow Datasets.
 */
enum { HEAD = 12, MOST_TEXT = 256 };
#define MOST_RECORD ((size_t)257 << 20)

typedef struct tfrecord {
    packed *file;
    char *path;
    size_t number;         /* of the record at hand, from 1 */
    dataset_buffer record; /* its bytes */
    char class_name[MOST_TEXT], name[MOST_TEXT];
} tfrecord;

static uint64_t little_endian(const uint8_t *b, size_t n)
{
    uint64_t v = 0;
    for (size_t i = n; i-- > 0;) {
        v = v << 8 | b[i];
    }
    return v;
}

static bool is_length(const uint8_t *head)
{
    return crc32c_masked(head, 8) == (uint32_t)little_endian(head + 8, 4);
}

static bool is_tfrecord(const uint8_t *head, size_t n, const char *path)
{
    (void)path;
    return n >= HEAD && is_length(head);
}

static void close_tfrecord(void *self)
{
    tfrecord *t = self;
    packed_close(t->file);
    free(t->record.bytes);
    free(t->path);
    free(t);
}

static int open_tfrecord(void **self, const char *path)
{
    *self = NULL;
    tfrecord *t = calloc(1, sizeof *t);
    if (t == NULL || (t->path = strdup(path)) == NULL) {
        free(t);
        return error_set(LS_ENOMEM, "%s: no memory to read it", path);
    }
    const int code = packed_open(&t->file, path);
    if (code == LS_OK) {
        *self = t;
    } else {
        close_tfrecord(t);
    }
    return code;
}

static int wrong(const tfrecord *t, const char *what)
{
    return error_set(LS_EFORMAT, "%s: record %zu %s", t->path, t->number, what);
}

/* 1: the next record's bytes are in *out; 0: there is none; or a code. */
static int read_record(tfrecord *t, proto_part *out)
{
    uint8_t head[HEAD];
    uint8_t sum[4];
    size_t got = 0;
    int code = packed_read(t->file, head, sizeof head, &got);
    if (code != LS_OK || got == 0) {
        return code;
    }
    t->number++;
    if (got < sizeof head) {
        return wrong(t, "is cut short");
    }
    const uint64_t size = little_endian(head, 8);
    if (!is_length(head)) {
        return wrong(t, "is damaged: the checksum of its length is wrong");
    }
    if (size > MOST_RECORD) {
        return wrong(t, "is larger than 257 MiB");
    }
    code = dataset_buffer_reserve(&t->record, (size_t)size + 1, t->path);
    if (code == LS_OK) {
        code = packed_read_all(t->file, t->record.bytes, (size_t)size, "the end of a record");
    }
    if (code == LS_OK) {
        code = packed_read_all(t->file, sum, sizeof sum, "the end of a record");
    }
    if (code == LS_OK && crc32c_masked(t->record.bytes, (size_t)size) != (uint32_t)little_endian(sum, 4)) {
        code = wrong(t, "is damaged: its checksum is wrong");
    }
    *out = (proto_part){t->record.bytes, (size_t)size};
    return code == LS_OK ? 1 : code;
}

/* What an Example says of a sample. at NULL: nothing. */
typedef struct example {
    proto_part picture, text, name;
    bool has_label;
    int64_t label;
} example;

/* Of a Feature the first of its bytes. */
static proto_part first_bytes(proto_part feature)
{
    proto_part list = {0};
    proto_part value = {0};
    return proto_find(feature, 1, &list) == LS_OK && list.at != NULL && proto_find(list, 1, &value) == LS_OK
               ? value
               : (proto_part){0};
}

/* Of a Feature the first of its whole numbers, which are packed into bytes or a field each. */
static bool first_number(proto_part feature, int64_t *out)
{
    proto_part list = {0};
    proto_field field = {0};
    if (proto_find(feature, 3, &list) != LS_OK || list.left == 0 || proto_next(&list, &field) != LS_OK ||
        field.number != 1) {
        return false;
    }
    if (field.wire == PROTO_NUMBER) {
        *out = (int64_t)field.value;
        return true;
    }
    uint64_t value = 0;
    for (size_t i = 0; field.wire == PROTO_BYTES && i < field.content.left && i < 10; i++) {
        value |= (uint64_t)(field.content.at[i] & 0x7f) << (7 * i);
        if (field.content.at[i] < 0x80) {
            *out = (int64_t)value;
            return true;
        }
    }
    return false;
}

static void take_feature(example *e, const proto_part *key, proto_part feature)
{
    if (proto_is(key, "image/encoded") || proto_is(key, "image") || proto_is(key, "image_raw")) {
        e->picture = first_bytes(feature);
    } else if (proto_is(key, "image/class/text")) {
        e->text = first_bytes(feature);
    } else if (proto_is(key, "image/filename") || proto_is(key, "file_name")) {
        e->name = first_bytes(feature);
    } else if (proto_is(key, "image/class/label") || proto_is(key, "label")) {
        e->has_label = first_number(feature, &e->label);
    }
}

/* Example { Features features = 1 }, Features { map<string, Feature> feature = 1 }. */
static int read_example(example *out, proto_part message)
{
    proto_part features = {0};
    proto_field entry = {0};
    *out = (example){0};
    if (proto_find(message, 1, &features) != LS_OK) {
        return LS_EFORMAT;
    }
    while (features.left > 0) {
        proto_part key = {0};
        proto_part value = {0};
        if (proto_next(&features, &entry) != LS_OK || proto_find(entry.content, 1, &key) != LS_OK ||
            proto_find(entry.content, 2, &value) != LS_OK) {
            return LS_EFORMAT;
        }
        if (entry.number == 1 && key.at != NULL && value.at != NULL) {
            take_feature(out, &key, value);
        }
    }
    return LS_OK;
}

/* A text of the record; NULL: it is none, or too long. */
static const char *copy_text(char out[MOST_TEXT], const proto_part *text)
{
    if (text->at == NULL || text->left == 0 || text->left >= MOST_TEXT || memchr(text->at, '\0', text->left) != NULL) {
        return NULL;
    }
    memcpy(out, text->at, text->left);
    out[text->left] = '\0';
    return out;
}

static int next_tfrecord(void *self, pack_sample *out)
{
    tfrecord *t = self;
    proto_part message = {0};
    example e;
    int code = read_record(t, &message);
    if (code != 1) {
        return code;
    }
    if (read_example(&e, message) != LS_OK) {
        return wrong(t, "is no tf.train.Example");
    }
    if (e.picture.at == NULL) {
        return wrong(t, "has no picture, as image/encoded or image");
    }
    out->class_name = copy_text(t->class_name, &e.text);
    out->name = copy_text(t->name, &e.name);
    out->label = e.label;
    if (out->class_name == NULL && !e.has_label) {
        return wrong(t, "has no label, as image/class/label, image/class/text or label");
    }
    code = dataset_buffer_reserve(&out->picture->file, e.picture.left + 1, t->path);
    if (code != LS_OK) {
        return code;
    }
    memcpy(out->picture->file.bytes, e.picture.at, e.picture.left);
    out->picture->item.size = e.picture.left;
    return 1;
}

const pack_samples_kind pack_samples_tfrecord = {
    .name = "a TFRecord file",
    .is = is_tfrecord,
    .open = open_tfrecord,
    .next = next_tfrecord,
    .close = close_tfrecord,
};
