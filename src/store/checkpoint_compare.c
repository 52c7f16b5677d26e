#include "store/checkpoint_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

enum { NUMBER_SIZE = 24, CLASSES_SIZE = 256 };

static double real_of(const checkpoint_info *info, size_t i)
{
    return *(const double *)checkpoint_number_of(info, i);
}

/* Hashes are read in hexadecimal, everything else in decimal. */
static const char *number_text(char *out, const checkpoint_info *info, size_t i)
{
    const int is_hash = checkpoint_numbers[i].offset == offsetof(checkpoint_info, weights_hash) ||
                        checkpoint_numbers[i].offset == offsetof(checkpoint_info, data_checksum);
    (void)snprintf(out, NUMBER_SIZE, is_hash ? "%016" PRIx64 : "%" PRIu64,
                   *(const uint64_t *)checkpoint_number_of(info, i));
    return out;
}

static const char *classes_text(char *out, const checkpoint_info *info)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < info->class_count && at < CLASSES_SIZE; i++) {
        const int n = snprintf(out + at, CLASSES_SIZE - at, "%s%s", i == 0 ? "" : ", ", info->classes[i]);
        at += n > 0 ? (size_t)n : 0;
    }
    return out;
}

static const char *orientation_text(const checkpoint_info *info)
{
    static const char *const texts[] = {"not recorded", "applied", "ignored"};
    return texts[info->orientation];
}

static int same_classes(const checkpoint_info *a, const checkpoint_info *b)
{
    int same = a->class_count == b->class_count;
    for (size_t i = 0; same && i < a->class_count; i++) {
        same = strcmp(a->classes[i], b->classes[i]) == 0;
    }
    return same;
}

/* Where two texts differ, 1. */
static size_t report_text(checkpoint_report report, void *context, const char *name, const char *a, const char *b)
{
    if (strcmp(a, b) == 0) {
        return 0;
    }
    report(context, name, a, b);
    return 1;
}

/* Where two numbers differ, 1. */
static size_t report_real(checkpoint_report report, void *context, const char *name, double x, double y)
{
    char first[NUMBER_SIZE];
    char second[NUMBER_SIZE];
    if (x == y || (isnan(x) && isnan(y))) {
        return 0;
    }
    (void)snprintf(first, sizeof first, "%.9g", x);
    (void)snprintf(second, sizeof second, "%.9g", y);
    report(context, name, first, second);
    return 1;
}

size_t checkpoint_info_difference(const checkpoint_info *a, const checkpoint_info *b, checkpoint_report report,
                                  void *context)
{
    char first[CLASSES_SIZE];
    char second[CLASSES_SIZE];
    size_t count = 0;
    for (size_t i = 0; i < CHECKPOINT_NUMBERS; i++) {
        const char *name = checkpoint_numbers[i].name;
        count += checkpoint_numbers[i].type == H5_FLOAT64
                     ? report_real(report, context, name, real_of(a, i), real_of(b, i))
                     : report_text(report, context, name, number_text(first, a, i), number_text(second, b, i));
    }
    count += report_text(report, context, "orientation", orientation_text(a), orientation_text(b));
    (void)origin_describe(first, sizeof first, &a->origin);
    (void)origin_describe(second, sizeof second, &b->origin);
    count += report_text(report, context, "computed by", first, second);
    for (size_t i = 0; i < CHECKPOINT_FIGURES; i++) {
        count += report_real(report, context, checkpoint_figures[i].name, checkpoint_figure_of(a, i),
                             checkpoint_figure_of(b, i));
    }
    for (size_t i = 0; i < CHECKPOINT_TEXTS; i++) {
        if (checkpoint_texts[i].offset != offsetof(checkpoint_info, config)) {
            count += report_text(report, context, file_name(checkpoint_texts[i].name), checkpoint_text_of(a, i),
                                 checkpoint_text_of(b, i));
        }
    }
    if (!same_classes(a, b)) {
        report(context, "classes", classes_text(first, a), classes_text(second, b));
        count++;
    }
    return count;
}
