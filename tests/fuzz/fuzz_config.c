/*
 * The configuration reader. An input is YAML text, then overrides as --set gives them, each after a byte 0xff, which no
 * UTF-8 text holds. What is read must print to YAML that is read back to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "base/error.h"
#include "config/config.h"

enum { MOST_OVERRIDES = 16, SEPARATOR = 0xff };

typedef struct parts {
    char *text; /* owned; [length], without a zero */
    size_t length;
    char *overrides[MOST_OVERRIDES]; /* owned */
    size_t count;
} parts;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

/* A copy of bytes that ends where its allocation ends. */
static char *copy_of(const uint8_t *bytes, size_t size, size_t zeros)
{
    char *copy = calloc(size + zeros > 0 ? size + zeros : 1, 1);
    FUZZ_CHECK(copy != NULL);
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

static size_t part_length(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(bytes, SEPARATOR, size) : NULL;
    return end == NULL ? size : (size_t)(end - bytes);
}

static parts split(const uint8_t *data, size_t size)
{
    parts p = {.length = part_length(data, size)};
    p.text = copy_of(data, p.length, 0);
    for (size_t at = p.length; at < size && p.count < MOST_OVERRIDES;) {
        at++;
        const size_t length = part_length(data + at, size - at);
        p.overrides[p.count++] = copy_of(data + at, length, 1);
        at += length;
    }
    return p;
}

static void release(parts *p)
{
    free(p->text);
    for (size_t i = 0; i < p->count; i++) {
        free(p->overrides[i]);
    }
}

/* What was read prints, is read back, and is the same. */
static void check_round_trip(const config *c)
{
    char *printed = NULL;
    char *again = NULL;
    char difference[256];
    config back;
    FUZZ_CHECK(config_print(c, &printed) == LS_OK);
    FUZZ_CHECK(config_parse(&back, printed, strlen(printed), "printed", NULL, 0) == LS_OK);
    FUZZ_CHECK(config_print(&back, &again) == LS_OK);
    FUZZ_CHECK(strcmp(printed, again) == 0);
    FUZZ_CHECK(config_difference(c, &back, difference, sizeof difference) == 0);
    free(again);
    free(printed);
    config_free(&back);
}

/* The line about what differs, in a buffer that may be too small for it. */
static void check_difference(const config *c, size_t room)
{
    static const char plain[] = "experiment: {name: a}\ndata: {file: b}\n";
    char text[64];
    config other;
    room = room % sizeof text + 1;
    FUZZ_CHECK(config_parse(&other, plain, sizeof plain - 1, "plain", NULL, 0) == LS_OK);
    const size_t n = config_difference(c, &other, text, room);
    FUZZ_CHECK(strlen(text) < room);
    FUZZ_CHECK(n == config_difference(&other, c, text, room));
    config_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    config c;
    parts p = split(data, size);
    const int code = config_parse(&c, p.text, p.length, "input", (const char *const *)p.overrides, p.count);
    fuzz_check_code(code);
    if (code == LS_OK) {
        FUZZ_CHECK(c.experiment.name != NULL && c.data.file != NULL);
        FUZZ_CHECK(c.data.height >= 32 && c.data.width <= 2048 && c.order.batch >= 1 && c.optimizer.l2 >= 0);
        check_round_trip(&c);
        check_difference(&c, size);
        config_free(&c);
    }
    release(&p);
    return 0;
}

size_t fuzz_seed(size_t number, uint8_t *out, size_t room)
{
    static const char *const seeds[] = {
        "experiment: {name: a}\ndata: {file: b.h5}\n",
        "experiment:\n  name: \"a\\tb\"\ndata:\n  file: 'it''s'\n  fit: crop\n  height: 33\n  augment: true\n",
        "experiment: {name: a}\ndata: {file: b, augment_min_scale: 1e-3}\nl2: {c: 0.001}\n",
        "experiment: {name: a}\ndata: {file: |\n  folded\n  text\n  }\n",
        "experiment: {name: a}\ndata: {file: >-\n  folded}\n",
        "experiment: &x {name: a}\ndata: *x\n",
        "experiment: !!map {name: !!str a}\n",
        "%YAML 1.1\n---\nexperiment: {name: a}\n...\n---\nb\n",
        "experiment: {name: a, name: b}\n",
        "experiment: ~\ndata:\n",
        "experiment: {name: null}\ndata: {file: }\n",
        "? {a: b}\n: [c, d]\n",
        "train: {batch: [1, 2]}\n",
        "train: {seed: 9223372036854775807, batch: 1048577}\n",
        "train: {learning_rate: 1e-320, epochs: +010}\n",
        "\xef\xbb\xbf"
        "experiment: {name: \xc3\xa9}\ndata: {file: \xf0\x9f\x98\x80}\n",
        "\xff"
        "experiment.name=a\xff"
        "data.file=b\xff"
        "train.batch=64\xff"
        "batch_norm.mode=local",
        "\xff"
        "train\xff"
        "train.=\xff.=\xff"
        "train.batch\xff"
        "train.batch=\xff"
        "log.print_layer=conv2d_70",
        "experiment: {name: a}\ndata: {file: b}\nmodel: {batch_norm: false, precision: mixed}\n"
        "batch_norm: {mode: local, evaluate: precise, moving_variance: unbiased, momentum: 0.9, epsilon: 1e-5, "
        "precise_batches: 3}\ntrain: {epochs: 2, batch: 8, shard: 8, steps_per_epoch: 5, shuffle: false, threads: 2}\n"
        "checkpoint: {dir: c, every_epochs: 2, keep: 3}\nlog: {every_steps: 1, print_layer: dense, print_count: 0}\n",
    };
    if (number >= sizeof seeds / sizeof seeds[0]) {
        return 0;
    }
    const size_t size = strlen(seeds[number]);
    FUZZ_CHECK(size <= room);
    memcpy(out, seeds[number], size);
    return size;
}
