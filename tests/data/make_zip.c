/* make_zip OUT [FILE NAME]...: a zip file in which each FILE has a NAME, which may be any. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "data/dataset.h"

static int add(struct archive *a, const char *file, const char *name)
{
    dataset_buffer bytes = {0};
    size_t size = 0;
    struct archive_entry *entry = archive_entry_new();
    int good = entry != NULL && dataset_read_file(&bytes, &size, file, 1 << 30) == LS_OK;
    if (good) {
        archive_entry_set_pathname(entry, name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (la_int64_t)size);
        good = archive_write_header(a, entry) == ARCHIVE_OK &&
               archive_write_data(a, bytes.bytes, size) == (la_ssize_t)size;
    }
    archive_entry_free(entry);
    free(bytes.bytes);
    return good;
}

int main(int argc, char **argv)
{
    struct archive *a = archive_write_new();
    int good = argc >= 2 && argc % 2 == 0 && archive_write_set_format_zip(a) == ARCHIVE_OK &&
               archive_write_open_filename(a, argv[1]) == ARCHIVE_OK;
    for (int i = 2; good && i + 1 < argc; i += 2) {
        good = add(a, argv[i], argv[i + 1]);
    }
    good = archive_write_close(a) == ARCHIVE_OK && good;
    if (!good) {
        (void)fprintf(stderr, "make_zip: %s\n",
                      archive_error_string(a) != NULL ? archive_error_string(a) : "bad arguments");
    }
    (void)archive_write_free(a);
    return !good;
}
