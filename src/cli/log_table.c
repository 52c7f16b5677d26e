#include "cli/log_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "store/runlog_read.h"

/* A figure, or a dash where there was none. */
static void add_figure(text_builder *line, double x, int width, int digits)
{
    if (isnan(x)) {
        text_add(line, " %*s", width, "-");
    } else {
        text_add(line, " %*.*f", width, digits, x);
    }
}

#define FIGURE(heading, field, width, digits)                                                                          \
    {                                                                                                                  \
        heading, offsetof(runlog_epoch_row, field), width, digits                                                      \
    }

/* Columns of a printed log; those that no row has a figure for are left out. */
static const struct {
    const char *heading;
    size_t field; /* of runlog_epoch_row */
    int width, digits;
} log_figures[] = {
    FIGURE("train: loss", train_loss, 12, 4),
    FIGURE("ce", train_cross_entropy, 8, 4),
    FIGURE("acc", train_accuracy, 6, 4),
    FIGURE("val: loss", val_loss, 12, 4),
    FIGURE("ce", val_cross_entropy, 8, 4),
    FIGURE("acc", val_accuracy, 6, 4),
    FIGURE("top5", val_top5, 6, 4),
    FIGURE("recall", val_macro_recall, 6, 4),
    FIGURE("ece", val_calibration_error, 6, 4),
    FIGURE("ema: ce", ema_val_cross_entropy, 8, 4),
    FIGURE("acc", ema_val_accuracy, 6, 4),
    FIGURE("images/s", images_per_second, 9, 1),
    FIGURE("mean |w|", mean_abs_weight, 9, 6),
};
enum { LOG_FIGURES = sizeof log_figures / sizeof *log_figures };

static double figure_of(const runlog_epoch_row *r, size_t column)
{
    double figure = 0;
    memcpy(&figure, (const char *)r + log_figures[column].field, sizeof figure);
    return figure;
}

static bool has_figures(const runlog_epoch_row *rows, size_t count, size_t column)
{
    for (size_t i = 0; i < count; i++) {
        if (!isnan(figure_of(&rows[i], column))) {
            return true;
        }
    }
    return false;
}

static void print_epochs(const runlog_epoch_row *rows, size_t count)
{
    text_builder line = {0};
    bool shown[LOG_FIGURES];
    text_add(&line, "  epoch");
    for (size_t k = 0; k < LOG_FIGURES; k++) {
        shown[k] = count == 0 || has_figures(rows, count, k);
        if (shown[k]) {
            text_add(&line, " %*s", log_figures[k].width, log_figures[k].heading);
        }
    }
    log_info("%s", text_of(&line));
    text_release(&line);
    for (size_t i = 0; i < count; i++) {
        line = (text_builder){0};
        text_add(&line, "  %5" PRIu64, rows[i].epoch);
        for (size_t k = 0; k < LOG_FIGURES; k++) {
            if (shown[k]) {
                add_figure(&line, figure_of(&rows[i], k), log_figures[k].width, log_figures[k].digits);
            }
        }
        log_info("%s", text_of(&line));
        text_release(&line);
    }
}

int log_table_print(const char *path)
{
    runlog_epoch_row *rows = NULL;
    size_t count = 0;
    const int code = runlog_read_epochs(path, &rows, &count);
    if (code != LS_OK) {
        return code;
    }
    log_info("%s: log of %zu epoch%s", path, count, count == 1 ? "" : "s");
    print_epochs(rows, count);
    free(rows);
    return LS_OK;
}
