#include "exchange/safetensors.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json_read.h"
#include "base/size.h"

enum { LENGTH_SIZE = 8, PIECE = 1 << 16 };

static const char METADATA[] = "__metadata__";

/* The types that the format has, with bytes for each element. */
static const struct {
    const char *name;
    safetensors_type type;
    size_t bytes;
} types[] = {
    {"F64", SAFETENSORS_F64, 8},    {"F32", SAFETENSORS_F32, 4},       {"F16", SAFETENSORS_F16, 2},
    {"BF16", SAFETENSORS_BF16, 2},  {"I64", SAFETENSORS_I64, 8},       {"U64", SAFETENSORS_OTHER, 8},
    {"I32", SAFETENSORS_OTHER, 4},  {"U32", SAFETENSORS_OTHER, 4},     {"I16", SAFETENSORS_OTHER, 2},
    {"U16", SAFETENSORS_OTHER, 2},  {"I8", SAFETENSORS_OTHER, 1},      {"U8", SAFETENSORS_OTHER, 1},
    {"BOOL", SAFETENSORS_OTHER, 1}, {"F8_E4M3", SAFETENSORS_OTHER, 1}, {"F8_E5M2", SAFETENSORS_OTHER, 1},
    {"C64", SAFETENSORS_OTHER, 8},
};
enum { TYPES = sizeof types / sizeof *types };

/* --- The header --------------------------------------------------------------------------------------------------- */

typedef struct reading {
    safetensors *s;
    uint64_t data, end;         /* where the data begins and ends */
    size_t capacity, note_room; /* of the arrays */
    bool has_notes;
    int code; /* the first failure */
} reading;

/* A tensor's entry, as it is read. */
typedef struct entry {
    safetensors_tensor t;
    size_t element;    /* bytes of one; 0: no type yet */
    double offsets[2]; /* from the start of the data */
    size_t offset_count;
    bool has_shape, wrong;
} entry;

/* A size that JSON holds: a whole number, written as one, and exact as a double. */
static bool whole_of(const json_member *m, size_t *out)
{
    const double most = 9007199254740992.0; /* 2^53 */
    if (m->kind != JSON_NUMBER || !m->whole || !(m->number <= most)) {
        return false;
    }
    *out = (size_t)m->number;
    return true;
}

static void take_dimension(void *context, const json_member *m)
{
    entry *e = context;
    size_t n = 0;
    if (e->t.rank >= SAFETENSORS_MOST_RANK || !whole_of(m, &n) || size_mul(&e->t.size, e->t.size, n) != 0) {
        e->wrong = true;
        return;
    }
    e->t.shape[e->t.rank++] = n;
}

static void take_offset(void *context, const json_member *m)
{
    entry *e = context;
    size_t n = 0;
    if (e->offset_count >= 2 || !whole_of(m, &n)) {
        e->wrong = true;
        return;
    }
    e->offsets[e->offset_count++] = m->number;
}

static bool take_type(entry *e, const json_member *m)
{
    for (size_t i = 0; m->kind == JSON_TEXT && i < TYPES; i++) {
        if (strcmp(m->text, types[i].name) == 0) {
            e->t.type = types[i].type;
            e->element = types[i].bytes;
            return true;
        }
    }
    return false;
}

/* An array of numbers; `take` notes what is wrong with them. */
static bool take_numbers(entry *e, const json_member *m, void (*take)(void *context, const json_member *m))
{
    return m->kind == JSON_OTHER && json_read_array(m->bytes, m->size, take, e) == LS_OK && !e->wrong;
}

/* Each of the three must be there once. */
static void take_field(void *context, const json_member *m)
{
    entry *e = context;
    bool good = false;
    if (strcmp(m->key, "dtype") == 0) {
        good = e->element == 0 && take_type(e, m);
    } else if (strcmp(m->key, "shape") == 0) {
        good = !e->has_shape && take_numbers(e, m, take_dimension);
        e->has_shape = true;
    } else if (strcmp(m->key, "data_offsets") == 0) {
        good = e->offset_count == 0 && take_numbers(e, m, take_offset);
    }
    e->wrong = e->wrong || !good;
}

/* Room for one more of an array of elements of this size; NULL: out of memory. */
static void *grown(void *array, size_t count, size_t *capacity, size_t element)
{
    if (count < *capacity) {
        return array;
    }
    const size_t wanted = *capacity == 0 ? 64 : 2 * *capacity;
    void *larger = realloc(array, wanted * element);
    *capacity = larger != NULL ? wanted : *capacity;
    return larger;
}

static int add_tensor(reading *r, const json_member *m)
{
    safetensors *s = r->s;
    entry e = {.t.size = 1};
    size_t bytes = 0;
    if (m->kind != JSON_OTHER || json_read_object(m->bytes, m->size, take_field, &e) != LS_OK || e.wrong ||
        e.element == 0 || !e.has_shape || e.offset_count != 2) {
        return error_set(LS_EFORMAT, "%s: tensor %s: the header does not give its type, shape and place as it should",
                         s->path, m->key);
    }
    const double room = (double)(r->end - r->data);
    if (e.offsets[0] > e.offsets[1] || e.offsets[1] > room || size_mul(&bytes, e.t.size, e.element) != 0 ||
        (double)bytes != e.offsets[1] - e.offsets[0]) {
        return error_set(LS_EFORMAT, "%s: tensor %s: lies outside of the file, or has another size than its shape says",
                         s->path, m->key);
    }
    safetensors_tensor *larger = grown(s->tensors, s->count, &r->capacity, sizeof *larger);
    if (larger == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for the names of tensors", s->path);
    }
    s->tensors = larger;
    e.t.offset = r->data + (uint64_t)e.offsets[0];
    e.t.bytes = bytes;
    e.t.name = strdup(m->key);
    s->tensors[s->count++] = e.t;
    return e.t.name != NULL ? LS_OK : error_set(LS_ENOMEM, "%s: out of memory for the names of tensors", s->path);
}

static void take_note(void *context, const json_member *m)
{
    reading *r = context;
    safetensors *s = r->s;
    if (m->kind != JSON_TEXT && r->code == LS_OK) {
        r->code = error_set(LS_EFORMAT, "%s: %s in the header: %s is no text", s->path, METADATA, m->key);
    }
    if (r->code != LS_OK) {
        return;
    }
    safetensors_note *larger = grown(s->notes, s->note_count, &r->note_room, sizeof *larger);
    if (larger != NULL) {
        s->notes = larger;
        s->notes[s->note_count] = (safetensors_note){strdup(m->key), strdup(m->text)};
        s->note_count++;
    }
    if (larger == NULL || s->notes[s->note_count - 1].key == NULL || s->notes[s->note_count - 1].text == NULL) {
        r->code = error_set(LS_ENOMEM, "%s: out of memory for the header", s->path);
    }
}

static void take_notes(reading *r, const json_member *m)
{
    if (r->has_notes) {
        r->code = error_set(LS_EFORMAT, "%s: %s is there twice", r->s->path, METADATA);
    } else if (m->kind != JSON_OTHER || json_read_object(m->bytes, m->size, take_note, r) != LS_OK) {
        r->code = error_set(LS_EFORMAT, "%s: %s in the header is no object", r->s->path, METADATA);
    }
    r->has_notes = true;
}

static void take_member(void *context, const json_member *m)
{
    reading *r = context;
    if (r->code != LS_OK) {
        return;
    }
    if (strlen(m->key) >= JSON_KEY_SIZE - 4) { /* it may have been cut off, within a character */
        r->code = error_set(LS_EFORMAT, "%s: a tensor's name is too long: %.60s...", r->s->path, m->key);
    } else if (strcmp(m->key, METADATA) == 0) {
        take_notes(r, m);
    } else {
        r->code = add_tensor(r, m);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const safetensors_tensor *)a)->name, ((const safetensors_tensor *)b)->name);
}

static int by_place(const void *a, const void *b)
{
    const safetensors_tensor *x = a;
    const safetensors_tensor *y = b;
    if (x->offset != y->offset) {
        return x->offset < y->offset ? -1 : 1;
    }
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes; /* empty ones first */
}

/* The data is covered, each byte once; no name is there twice. The tensors are by name afterwards. */
static int check_all(const reading *r)
{
    safetensors *s = r->s;
    uint64_t at = r->data;
    if (s->count > 0) {
        qsort(s->tensors, s->count, sizeof *s->tensors, by_place);
    }
    for (size_t i = 0; i < s->count; i++) {
        if (s->tensors[i].offset != at) {
            return error_set(LS_EFORMAT, "%s: tensor %s: lies over another one, or behind a gap", s->path,
                             s->tensors[i].name);
        }
        at += s->tensors[i].bytes;
    }
    if (at != r->end) {
        return error_set(LS_EFORMAT, "%s: is longer than its header says", s->path);
    }
    if (s->count > 0) {
        qsort(s->tensors, s->count, sizeof *s->tensors, by_name);
    }
    for (size_t i = 1; i < s->count; i++) {
        if (by_name(&s->tensors[i - 1], &s->tensors[i]) == 0) {
            return error_set(LS_EFORMAT, "%s: tensor %s: is there twice", s->path, s->tensors[i].name);
        }
    }
    return LS_OK;
}

static int read_header(safetensors *s, uint64_t size)
{
    uint8_t length[LENGTH_SIZE];
    uint64_t n = 0;
    char *header = NULL;
    if (size < LENGTH_SIZE) {
        return error_set(LS_EFORMAT, "%s: is no safetensors file: it is too short", s->path);
    }
    int code = file_read_at(s->descriptor, length, LENGTH_SIZE, 0, s->path);
    for (int i = 0; i < LENGTH_SIZE; i++) {
        n |= (uint64_t)length[i] << 8 * i;
    }
    if (code == LS_OK && (n < 2 || n > size - LENGTH_SIZE || n > SAFETENSORS_MOST_HEADER)) {
        code = error_set(LS_EFORMAT, "%s: is no safetensors file, or a part of one: its header does not fit into it",
                         s->path);
    }
    if (code != LS_OK) {
        return code;
    }
    header = malloc((size_t)n);
    if (header == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for the header", s->path);
    }
    reading r = {.s = s, .data = LENGTH_SIZE + n, .end = size};
    code = file_read_at(s->descriptor, header, (size_t)n, LENGTH_SIZE, s->path);
    if (code == LS_OK && json_read_object(header, (size_t)n, take_member, &r) != LS_OK) {
        code = error_prefix(LS_EFORMAT, "%s: the header of the safetensors file is damaged", s->path);
    }
    free(header);
    code = code == LS_OK ? r.code : code;
    return code == LS_OK ? check_all(&r) : code;
}

int safetensors_open(safetensors *out, const char *path)
{
    uint64_t size = 0;
    *out = (safetensors){.descriptor = -1, .path = strdup(path)};
    if (out->path == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory", path);
    }
    const int code = file_open_regular(&out->descriptor, &size, path);
    if (code != LS_OK) {
        out->descriptor = -1;
        return code;
    }
    return read_header(out, size);
}

void safetensors_close(safetensors *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->tensors[i].name);
    }
    for (size_t i = 0; i < s->note_count; i++) {
        free(s->notes[i].key);
        free(s->notes[i].text);
    }
    free(s->tensors);
    free(s->notes);
    if (s->descriptor >= 0) {
        (void)close(s->descriptor);
    }
    free(s->path);
    *s = (safetensors){.descriptor = -1};
}

const safetensors_tensor *safetensors_find(const safetensors *s, const char *name)
{
    const safetensors_tensor wanted = {.name = (char *)name};
    return s->count == 0 ? NULL : bsearch(&wanted, s->tensors, s->count, sizeof wanted, by_name);
}

const char *safetensors_note_of(const safetensors *s, const char *key)
{
    for (size_t i = 0; i < s->note_count; i++) {
        if (strcmp(s->notes[i].key, key) == 0) {
            return s->notes[i].text;
        }
    }
    return NULL;
}

/* --- Numbers ------------------------------------------------------------------------------------------------------ */

static uint64_t bits_of(const uint8_t *bytes, size_t n)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        bits |= (uint64_t)bytes[i] << 8 * i;
    }
    return bits;
}

static double single_of(uint32_t bits)
{
    float value = 0;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static double half_of(uint32_t bits)
{
    const uint32_t mantissa = bits & 0x3ff;
    const int exponent = (int)(bits >> 10 & 0x1f);
    const double magnitude = exponent == 0x1f ? (mantissa != 0 ? (double)NAN : (double)INFINITY)
                             : exponent == 0  ? ldexp(mantissa, -24)
                                              : ldexp(mantissa + 1024, exponent - 25);
    return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

static double number_of(const uint8_t *bytes, safetensors_type type)
{
    uint64_t bits = 0;
    double value = 0;
    switch (type) {
    case SAFETENSORS_F64:
        bits = bits_of(bytes, 8);
        memcpy(&value, &bits, sizeof value);
        return value;
    case SAFETENSORS_F32: return single_of((uint32_t)bits_of(bytes, 4));
    case SAFETENSORS_BF16: return single_of((uint32_t)bits_of(bytes, 2) << 16);
    case SAFETENSORS_F16: return half_of((uint32_t)bits_of(bytes, 2));
    default: return (double)(int64_t)bits_of(bytes, 8);
    }
}

int safetensors_read(const safetensors *s, const safetensors_tensor *t, real *out)
{
    uint8_t piece[PIECE];
    if (t->type == SAFETENSORS_OTHER) {
        return error_set(LS_EFORMAT, "%s: tensor %s: holds no numbers of float64, float32, float16, bfloat16 or int64",
                         s->path, t->name);
    }
    const size_t element = t->size > 0 ? (size_t)(t->bytes / t->size) : 1;
    const size_t most = PIECE / element;
    for (size_t at = 0; at < t->size;) {
        const size_t n = t->size - at < most ? t->size - at : most;
        const int code = file_read_at(s->descriptor, piece, n * element, t->offset + at * element, s->path);
        if (code != LS_OK) {
            return code;
        }
        for (size_t i = 0; i < n; i++) {
            out[at + i] = (real)number_of(piece + i * element, t->type);
        }
        at += n;
    }
    return LS_OK;
}
