#ifndef LOCKSTEP_DATA_PACK_H
#define LOCKSTEP_DATA_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/dataset.h"
#include "data/pack_store.h"

/*
 * Make a packed data set (data/dataset.h) from folders of pictures or from a table of pixels. The file appears whole
 * or not at all. Nothing that is read is dropped silently: each entry of the folder, and each line of the table, is
 * taken, or passed over for a reason that is counted, or an error. All of it goes to the log; its last line adds up.
 *
 * Where the output goes is checked first (io/temporary.h). An output that is one of the files to be packed is refused.
 */

/* Classes that a data set may have, numbered from 0. */
enum { PACK_MAX_CLASSES = 100000 };

/* Why an entry was passed over. Of those up to PACK_SILENT only the number is said, and they are never an error. */
typedef enum pack_reason {
    PACK_HIDDEN,              /* its name starts with a dot; a folder counts as one, and is not opened */
    PACK_SYSTEM,              /* what systems leave in folders (data/pack_names.h); likewise */
    PACK_OUTPUT,              /* the output of an earlier packing, or what another one writes now */
    PACK_HEADER,              /* the table's first line */
    PACK_EMPTY,               /* a line without text */
    PACK_CLASS,               /* of a class that is left out (pack_choice) */
    PACK_LIMIT,               /* of its class and split there are as many as were asked for */
    PACK_SIDECAR,             /* of a WebDataset: what lies beside a picture, neither picture nor label */
    PACK_TWICE,               /* a list has it already, with the same label for the same split */
    PACK_SILENT = PACK_TWICE, /* the last of these */
    PACK_NOT_PICTURE,         /* of no kind that is read, damaged, empty, or too large */
    PACK_UNREADABLE,          /* a file or folder that the system does not let us read */
    PACK_BESIDE,              /* a file beside the class folders */
    PACK_UNLABELLED,          /* a picture without a label */
    PACK_OUTSIDE,             /* a folder that is no split's, beside those that are; in a list, of none */
    PACK_BROKEN_LINK,         /* leads nowhere, or to itself */
    PACK_REPEATED,            /* a link to a folder that is looked through already */
    PACK_SPECIAL,             /* a pipe, socket or device */
    PACK_LONG_PATH,           /* longer than the system takes */
    PACK_MISSING,             /* a list names it, and it is not there */
    PACK_REASONS
} pack_reason;

/* entries is the sum of all of taken and passed. */
typedef struct pack_result {
    size_t entries; /* things found in folders, but the folders that were looked through; lines of a table */
    size_t taken[DATASET_SPLITS]; /* pictures packed */
    size_t passed[PACK_REASONS];
    size_t classes;
    size_t noted; /* of those taken: read although something is odd about them (image.note) */
} pack_result;

/* Whether the folders in a folder are splits or classes. */
typedef enum pack_layout {
    PACK_LAYOUT_AUTO,    /* as their names say, refused where they could be both */
    PACK_LAYOUT_SPLIT,   /* those with a split's name are; others are passed over */
    PACK_LAYOUT_CLASSES, /* each is a class */
} pack_layout;

typedef struct pack_directory_options {
    pack_layout layout;
    double val_fraction; /* part of each class's training pictures to use for validation, where there is no folder of
                            validation pictures; [0, 1) */
    uint64_t seed;       /* of that choice, which depends on it and on a picture's name alone */
    bool strict;         /* the first entry that is passed over, and not silently, is an error */
    bool dry_run;        /* do all but write the file */
    bool resumable; /* a signal (base/signals.h) keeps what was packed for the next packing, which goes on with it */
    const struct pack_choice *choice; /* which class folders, and what they are called; NULL: all, as they are */
    size_t limit;                     /* pictures of a class and split, the first in order; 0: all */
    pack_storing storing;
    dataset_maker maker; /* goes to the file */
} pack_directory_options;

/*
 * Pack `dir`: SPLIT/<class>/.../<picture>, or <class>/.../<picture>. SPLIT is one of train, training; val, valid,
 * validation, dev; test, testing, in any case. Classes are numbered in alphabetical order (by bytes). Folders in class
 * folders are looked through too; links are followed, but not round and round. Pictures are told by their content,
 * whatever their name, stored as they are; each is decoded to see that it can be. result may be NULL. Returns 0,
 * LS_ENOTFOUND (no such folder), LS_EUSAGE (no class folder, no picture at all, a folder that could be a split or a
 * class, two folders of one split, or bad options), LS_EIO, LS_ENOMEM, LS_EFORMAT (strict).
 */
int pack_directory(const char *dir, const char *out, const pack_directory_options *options, pack_result *result);

/* An archive, and what its pictures are for. */
typedef struct pack_input {
    const char *path;
    bool given;          /* false: as its folders say */
    dataset_split split; /* all of them, where it is given */
} pack_input;

/*
 * Pack archives (io/unpack.h): of class folders, as pack_directory takes them, perhaps in other folders; or of a
 * WebDataset, files KEY.jpg (or another picture) and KEY.cls with the label, a number or a name. Pictures keep the
 * order of the archives. Classes are numbered in alphabetical order, a WebDataset's by its numbers. Errors and options
 * as pack_directory; LS_EFORMAT where an archive is damaged.
 */
int pack_archives(const pack_input *inputs, size_t count, const char *out, const pack_directory_options *options,
                  pack_result *result);

typedef struct pack_samples_options {
    pack_directory_options common; /* but for the layout */
    const char *const *classes;    /* [class_count] names of the labels 0, 1, 2, or none: as the files say */
    size_t class_count;
} pack_samples_options;

/* Whether a file is a data set of another program that pack_sample_files takes. */
bool pack_is_samples(const char *path);

/*
 * Pack data sets of other programs, plain or packed by gzip and the like, as one: IDX (MNIST; the file of images,
 * beside which that of labels lies), CIFAR's binary files, TFRecord files, NumPy's .npz, HDF5. Those that are called
 * test or t10k are for testing unless the input says otherwise. Pixels become PNG files; picture files stay as they
 * are. A damaged file is an error. Errors and options as pack_directory.
 */
int pack_sample_files(const pack_input *inputs, size_t count, const char *out, const pack_samples_options *options,
                      pack_result *result);

typedef enum pack_header { PACK_HEADER_AUTO, PACK_HEADER_YES, PACK_HEADER_NO } pack_header;

typedef struct pack_csv_options {
    size_t width, height;
    double max_value;           /* of a pixel: white */
    size_t val_count;           /* the last rows, for validation; or: */
    double val_fraction;        /* part of each class's rows; [0, 1) */
    uint64_t seed;              /* of that choice */
    const char *const *classes; /* [class_count] names of the labels 0, 1, 2, or NULL: see below */
    size_t class_count;
    const char *label;   /* its column: "first", "last", its number (from 1), its name; NULL: see below */
    pack_header header;  /* whether the first line is one */
    dataset_maker maker; /* goes to the file */
} pack_csv_options;

typedef struct pack_manifest_options {
    pack_directory_options common; /* but for the layout; the choice is of labels */
    const char *const *classes;    /* [class_count] names of the labels 0, 1, 2, and the only ones that are taken */
    size_t class_count;
    const char *root;   /* the folder that paths begin in; NULL: that of the list */
    const char *label;  /* its column, as pack_csv_options has it */
    pack_header header; /* whether the first line is one */
} pack_manifest_options;

/* Whether a file is a list of pictures: text whose first line has two cells or more. */
bool pack_is_manifest(const char *path);

/*
 * Pack the pictures that lists name, several as one: a row for each, with its path, its label and perhaps its split, in
 * text as pack_csv takes it (data/pack_fields.h says which column is which, data/pack_place.h where a file is looked
 * for). Labels are as pack_csv has them, but for choice->only: names that are not among them are left out. A picture
 * that is listed again with the same label for the same split is passed over, with another label it is an error. Errors
 * and options as pack_directory; LS_EFORMAT names the line.
 */
int pack_manifests(const pack_input *inputs, size_t count, const char *out, const pack_manifest_options *options,
                   pack_result *result);

/*
 * Pack a table, plain or gzip: rows of width * height gray values in [0, max_value], line by line, and a label; divided
 * by commas, semicolons or tabs, with quotes and blanks as RFC 4180 and spreadsheets have them, in UTF-8. A first line
 * of names is a header; one that could be a header or a row is refused. Without options->label the label's column is
 * the one that the header calls label, class, target or y (in any case); without a header the last.
 *
 * A label is a class's number, or one of options->classes. Without those, classes are 0 to the largest number; where
 * labels are no numbers, they are the classes, in alphabetical order (by bytes). Pictures are stored as gray PNG.
 * result may be NULL. Returns 0, LS_ENOTFOUND, LS_EIO, LS_EUSAGE, LS_ENOMEM, or LS_EFORMAT naming the line.
 */
int pack_csv(const char *csv, const char *out, const pack_csv_options *options, pack_result *result);

#endif
