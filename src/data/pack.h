#ifndef LOCKSTEP_DATA_PACK_H
#define LOCKSTEP_DATA_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Make a packed data set (data/dataset.h) from folders of pictures or from a table of pixels. The file appears whole
 * or not at all. What was packed, and what was not, is told through the log.
 */

/* How many there are of what. */
typedef struct pack_result {
    size_t train, val; /* pictures packed */
    size_t classes;
    size_t bad;    /* files passed over because they are not pictures that can be read */
    size_t hidden; /* files passed over because their name starts with a dot */
} pack_result;

typedef struct pack_directory_options {
    double val_fraction; /* part of the training pictures to use for validation, where there is no val/; [0, 1) */
    uint64_t seed;       /* of that choice, which depends on it and on a picture's name alone */
    bool strict;         /* a bad file is an error, not a warning */
} pack_directory_options;

/*
 * Pack `dir`: train/<class>/<picture> and val/<class>/<picture>, or <class>/<picture>. Classes are numbered in
 * alphabetical order (by bytes). Pictures are JPEG or PNG by content, whatever their name, stored as they are; each is
 * decoded to see that it can be. result may be NULL. Returns 0, LS_ENOTFOUND, LS_EUSAGE (no picture at all, or bad
 * options), LS_EIO, LS_ENOMEM, LS_EFORMAT (strict).
 */
int pack_directory(const char *dir, const char *out, const pack_directory_options *options, pack_result *result);

typedef struct pack_csv_options {
    size_t width, height;
    double max_value;           /* of a pixel: white */
    size_t val_count;           /* the last rows, for validation */
    const char *const *classes; /* [class_count] names, or NULL: the numbers 0 to the largest label */
    size_t class_count;
} pack_csv_options;

/*
 * Pack a table, plain or gzip: rows of width * height gray values in [0, max_value], line by line, then the label; a
 * first line that does not start with a number is a header. Pictures are stored as gray PNG. result may be NULL.
 * Returns 0, LS_ENOTFOUND, LS_EIO, LS_EUSAGE, LS_ENOMEM, or LS_EFORMAT naming the line.
 */
int pack_csv(const char *csv, const char *out, const pack_csv_options *options, pack_result *result);

#endif
