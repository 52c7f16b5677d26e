/*
 * log_rows LOG.h5: every row of a run's log that does not measure time, a line each, numbers as the bits they are. Two
 * runs that did the same have the same lines.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "io/h5.h"

static const char *const tables[] = {
    "steps/step",
    "steps/loss",
    "steps/cross_entropy",
    "steps/accuracy",
    "epochs/epoch",
    "epochs/train_loss",
    "epochs/val_loss",
    "epochs/train_cross_entropy",
    "epochs/val_accuracy",
    "epochs/val_cross_entropy",
    "epochs/start_step",
    "epochs/train_accuracy",
    "epochs/first_weights",
    "epochs/mean_abs_weight",
    "epochs/histogram",
    "tensors/norm",
    "epochs/start_mean_abs_weight",
    "tensors/mean_abs",
    "steps/learning_rate",
    "epochs/ema_val_accuracy",
    "epochs/ema_val_cross_entropy",
    "epochs/val_top5",
    "epochs/val_macro_recall",
    "epochs/val_calibration_error",
};

static int print_table(h5_file *f, const char *name)
{
    h5_shape shape;
    int code = h5_stat(f, name, &shape);
    if (code != LS_OK) {
        return code;
    }
    uint64_t *cells = calloc(shape.size + 1, sizeof *cells);
    if (cells == NULL) {
        return error_set(LS_ENOMEM, "out of memory");
    }
    const size_t columns = shape.rank == 2 ? shape.dims[1] : 1;
    code = h5_read(f, name, shape.type, shape.size, cells);
    for (size_t i = 0; code == LS_OK && i < shape.dims[0]; i++) {
        printf("%s %zu", name, i);
        for (size_t k = 0; k < columns; k++) {
            printf(" %016" PRIx64, cells[i * columns + k]);
        }
        putchar('\n');
    }
    free(cells);
    return code;
}

int main(int argc, char **argv)
{
    h5_file *f = NULL;
    int code = argc == 2 ? h5_open_read(&f, argv[1]) : error_set(LS_EUSAGE, "usage: log_rows LOG.h5");
    for (size_t i = 0; code == LS_OK && i < sizeof tables / sizeof *tables; i++) {
        code = print_table(f, tables[i]);
    }
    (void)h5_close(f);
    if (code != LS_OK) {
        fprintf(stderr, "log_rows: %s\n", error_message());
    }
    return code != LS_OK;
}
