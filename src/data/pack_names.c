#include "data/pack_names.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

bool pack_is_system(const char *name)
{
    static const char *const names[] = {
        "lost+found",                /* fsck, on each ext file system */
        "aquota.user",               /* quotas */
        "aquota.group",              /* */
        "__MACOSX",                  /* zip files that macOS made */
        "Icon\r",                    /* macOS: a folder's icon */
        "Network Trash Folder",      /* macOS file servers */
        "Temporary Items",           /* */
        "@eaDir",                    /* Synology: thumbnails and attributes */
        "@tmp",                      /* */
        "#recycle",                  /* */
        "#snapshot",                 /* */
        "@Recycle",                  /* QNAP */
        "@Recently-Snapshot",        /* */
        "@__thumb",                  /* */
        "~snapshot",                 /* NetApp */
        "$RECYCLE.BIN",              /* Windows */
        "RECYCLER",                  /* */
        "System Volume Information", /* */
        "Thumbs.db",                 /* */
        "Thumbs.db:encryptable",     /* */
        "ehthumbs.db",               /* */
        "ehthumbs_vista.db",         /* */
        "desktop.ini",               /* */
        "Picasa.ini",                /* Picasa */
        "__pycache__",               /* Python */
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

bool pack_split_named(dataset_split *out, const char *name)
{
    static const struct {
        const char *name;
        dataset_split split;
    } names[] = {
        {"train", DATASET_TRAIN},    {"training", DATASET_TRAIN}, {"val", DATASET_VAL},   {"valid", DATASET_VAL},
        {"validation", DATASET_VAL}, {"dev", DATASET_VAL},        {"test", DATASET_TEST}, {"testing", DATASET_TEST},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(names[i].name, name) == 0) {
            *out = names[i].split;
            return true;
        }
    }
    return false;
}

bool pack_is_picture_name(const char *path)
{
    static const char *const endings[] = {"jpg", "jpeg", "jpe",  "jfif", "png",  "gif", "bmp", "webp",
                                          "tif", "tiff", "avif", "heic", "heif", "jp2", "ppm", "pgm"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++) {
        if (strcasecmp(dot + 1, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}
