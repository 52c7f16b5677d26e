#include "cli/inspect_dataset.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "data/dataset.h"
#include "data/montage.h"

/* Every picture is read, which compares it with its hash. */
static int check_pictures(dataset *d)
{
    dataset_buffer buffer = {0};
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < dataset_samples(d); i++) {
        const uint8_t *bytes = NULL;
        size_t size = 0;
        code = dataset_read(d, i, dataset_samples(d) - i, &buffer, &bytes, &size);
    }
    free(buffer.bytes);
    return code;
}

static void print_row(const char *name, const size_t row[DATASET_SPLITS])
{
    log_info("  %-24s %8zu %10zu %8zu", name, row[DATASET_TRAIN], row[DATASET_VAL], row[DATASET_TEST]);
}

/* A row for each class, and one of all. */
static int print_classes(const dataset *d)
{
    const size_t classes = dataset_classes(d);
    size_t *counts = calloc(DATASET_SPLITS * (classes + 1), sizeof *counts); /* a split after the other */
    size_t all[DATASET_SPLITS];
    if (counts == NULL) {
        return error_set(LS_ENOMEM, "%s: out of memory for %zu classes", dataset_path(d), classes);
    }
    for (int split = 0; split < DATASET_SPLITS; split++) {
        dataset_count_classes(d, (dataset_split)split, counts + (size_t)split * classes);
        all[split] = dataset_count(d, (dataset_split)split);
    }
    log_info("%s: data set", dataset_path(d));
    log_info("  %-24s %8s %10s %8s", "class", "training", "validation", "test");
    for (size_t i = 0; i < classes; i++) {
        const size_t row[DATASET_SPLITS] = {counts[i], counts[classes + i], counts[2 * classes + i]};
        print_row(dataset_class_name(d, i), row);
    }
    print_row("all", all);
    free(counts);
    return LS_OK;
}

/* How pictures are stored, their colours, and who packed them. */
static void print_stored(const dataset *d)
{
    const dataset_pixels *p = dataset_stored(d);
    double mean[3];
    double deviation[3];
    if (p->height > 0) {
        log_info("  stored           pixels, %zux%zu, %s; %.1f MB", p->width, p->height,
                 p->channels == 1 ? "gray" : "RGB", (double)dataset_bytes(d) * 1e-6);
    } else {
        log_info("  stored           files, %.1f MB", (double)dataset_bytes(d) * 1e-6);
    }
    if (dataset_colours(d, mean, deviation)) {
        log_info("  colours          mean %.4f %.4f %.4f, deviation %.4f %.4f %.4f of red, green and blue in training",
                 mean[0], mean[1], mean[2], deviation[0], deviation[1], deviation[2]);
    }
    if (*dataset_command(d) != '\0') {
        log_info("  packed           by %s: %s", dataset_program(d), dataset_command(d));
    }
    if (dataset_is_foreign(d)) {
        log_info("  not packed by lockstep, so nothing tells whether it is damaged");
    }
}

/* What can be drawn is, also where the data set is damaged, which is said afterwards. */
static int write_montage(dataset *d, const char *path)
{
    montage_count n;
    const int code = montage_write(path, &n, d);
    if (code == LS_OK) {
        log_info("%s: %zu pictures of %zu of %zu classes", path, n.pictures, n.classes, dataset_classes(d));
    }
    return code;
}

int inspect_dataset(const char *path, const char *montage)
{
    dataset *d = NULL;
    int code = montage == NULL ? dataset_open(&d, path) : dataset_open_unread(&d, path);
    if (code == LS_OK && montage != NULL) {
        code = write_montage(d, montage);
    }
    if (code == LS_OK) {
        code = check_pictures(d);
    }
    if (code == LS_OK) {
        code = print_classes(d);
    }
    if (code == LS_OK) {
        print_stored(d);
        if (!dataset_turns(d)) {
            log_info("made before orientation tags were looked at: its pictures are used as they are stored");
        }
        log_info("checksum %016" PRIx64, dataset_fingerprint(d));
    }
    dataset_free(d);
    return code;
}
