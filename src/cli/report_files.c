#include "cli/report_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"
#include "base/output.h"

static const char *const a_drawing = "a drawing";

int report_files_begin(report_files *f, const char *folder, bool pictures)
{
    char path[PATH_MAX];
    *f = (report_files){.folder = folder, .pictures = pictures};
    const int code = pictures ? convert_begin(&f->by) : LS_OK;
    if (code != LS_OK) {
        return code;
    }
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return error_set(LS_EIO, "%s: cannot be made: %m", folder);
    }
    const int n = snprintf(path, sizeof path, "%s/accuracy.svg", folder);
    if (n < 0 || (size_t)n >= sizeof path - 64) {
        return error_set(LS_EUSAGE, "%.200s...: the path is too long", folder);
    }
    return output_check(path, a_drawing);
}

static int write_drawing(report_files *f, const figure_file *drawing)
{
    char svg[PATH_MAX];
    char png[PATH_MAX];
    (void)snprintf(svg, sizeof svg, "%s/%s.svg", f->folder, drawing->name);
    (void)snprintf(png, sizeof png, "%s/%s.png", f->folder, drawing->name);
    int code = output_check(svg, a_drawing);
    if (code == LS_OK) {
        code = output_write_text(svg, a_drawing, drawing->svg, strlen(drawing->svg));
    }
    if (code == LS_OK && f->pictures) {
        code = output_check(png, a_drawing);
    }
    return code == LS_OK && f->pictures ? convert_file(&f->by, svg, png, drawing->width, drawing->height) : code;
}

int report_files_write(report_files *f, const figure_files *drawings)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < drawings->count; i++) {
        log_progress("%s: chart %zu of %zu", f->folder, i + 1, drawings->count);
        code = write_drawing(f, &drawings->files[i]);
    }
    log_progress_end();
    if (code == LS_OK) {
        log_note("%s: %zu charts as SVG%s", f->folder, drawings->count, f->pictures ? " and as PNG" : "");
    }
    return code;
}

void report_files_end(report_files *f)
{
    convert_end(&f->by);
}
