#include "data/pack.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/random.h"
#include "data/image.h"
#include "data/pack_list.h"
#include "io/temporary.h"

/* A picture's file may have this many bytes. */
#define MAX_FILE_BYTES ((size_t)256 << 20)

typedef struct packer {
    const char *root; /* not owned */
    const pack_directory_options *options;
    pack_names classes;
    pack_items items;
    pack_result result;
    dataset_buffer file;
    image picture;
    bool choose; /* validation pictures are chosen from the others */
} packer;

static int join(char *out, size_t size, const char *dir, const char *name)
{
    const int n = snprintf(out, size, "%s%s%s", dir, *dir != '\0' && *name != '\0' ? "/" : "", name);
    if (n < 0 || (size_t)n >= size) {
        return error_set(LS_EUSAGE, "%s/%s: the path is too long", dir, name);
    }
    return LS_OK;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Names in a folder, sorted; hidden ones are counted, not listed. */
static int list_folder(packer *p, pack_names *out, const char *path)
{
    int code = LS_OK;
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return error_set(LS_ENOTFOUND, "%s: cannot be listed: %m", path);
    }
    for (const struct dirent *e = readdir(dir); e != NULL && code == LS_OK; e = readdir(dir)) {
        if (e->d_name[0] != '.') {
            code = pack_names_add(out, e->d_name);
        } else if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            p->result.hidden++;
        }
    }
    (void)closedir(dir);
    pack_names_sort(out);
    return code;
}

/* Add the names of the folders in root/part to the classes. */
static int find_classes(packer *p, const char *part)
{
    char path[PATH_MAX];
    char inner[PATH_MAX];
    pack_names names = {0};
    int code = join(path, sizeof path, p->root, part);
    code = code != LS_OK ? code : list_folder(p, &names, path);
    for (size_t i = 0; code == LS_OK && i < names.count; i++) {
        code = join(inner, sizeof inner, path, names.names[i]);
        if (code == LS_OK && is_folder(inner)) {
            code = pack_names_add(&p->classes, names.names[i]);
        } else if (code == LS_OK) {
            log_warn("%s: lies beside the class folders, passed over", inner);
        }
    }
    pack_names_release(&names);
    return code;
}

/* Read and decode a file. LS_EFORMAT: it is not a picture; other codes end the packing. */
static int verify(packer *p, const char *path, size_t *size)
{
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        return error_set(LS_EFORMAT, "%s: not a regular file", path);
    }
    int code = dataset_read_file(&p->file, size, path, MAX_FILE_BYTES);
    if (code != LS_OK) {
        return code;
    }
    code = image_decode(&p->picture, p->file.bytes, *size);
    return code != LS_OK ? error_prefix(code, "%s", path) : code;
}

static int add_file(packer *p, const char *name, int32_t label, dataset_split split)
{
    char path[PATH_MAX];
    size_t size = 0;
    int code = join(path, sizeof path, p->root, name);
    code = code != LS_OK ? code : verify(p, path, &size);
    if ((code == LS_EFORMAT || code == LS_EIO) && !p->options->strict) {
        log_warn("%s; passed over", error_message());
        p->result.bad++;
        return LS_OK;
    }
    if (code != LS_OK) {
        return code;
    }
    if (p->choose) {
        const uint64_t stream = random_stream(RANDOM_SPLIT, hash_bytes(HASH_START, name, strlen(name)), 0);
        split = random_unit(p->options->seed, stream, 0) < p->options->val_fraction ? DATASET_VAL : DATASET_TRAIN;
    }
    const dataset_item item = {
        .name = strdup(name),
        .path = strdup(path),
        .size = size,
        .hash = hash_bytes(HASH_START, p->file.bytes, size),
        .label = label,
        .split = split,
    };
    code = pack_items_add(&p->items, item);
    if (code == LS_OK && (item.name == NULL || item.path == NULL)) {
        code = error_set(LS_ENOMEM, "pack: no memory for a name");
    }
    if (code == LS_OK && p->items.count % 64 == 0) {
        log_progress("packing: %zu pictures", p->items.count);
    }
    return code;
}

static int add_class(packer *p, const char *part, size_t label, dataset_split split)
{
    char inner[PATH_MAX];
    char path[PATH_MAX];
    char name[PATH_MAX];
    pack_names files = {0};
    int code = join(inner, sizeof inner, part, p->classes.names[label]);
    code = code != LS_OK ? code : join(path, sizeof path, p->root, inner);
    if (code != LS_OK || !is_folder(path)) {
        return code; /* a class need not have validation pictures */
    }
    code = list_folder(p, &files, path);
    for (size_t i = 0; code == LS_OK && i < files.count; i++) {
        code = join(name, sizeof name, inner, files.names[i]);
        code = code != LS_OK ? code : add_file(p, name, (int32_t)label, split);
    }
    pack_names_release(&files);
    return code;
}

static int add_part(packer *p, const char *part, dataset_split split)
{
    int code = LS_OK;
    for (size_t i = 0; code == LS_OK && i < p->classes.count; i++) {
        code = add_class(p, part, i, split);
    }
    return code;
}

static int gather(packer *p)
{
    char path[PATH_MAX];
    int code = join(path, sizeof path, p->root, "train");
    if (code != LS_OK) {
        return code;
    }
    const char *train = is_folder(path) ? "train" : "";
    code = join(path, sizeof path, p->root, "val");
    if (code != LS_OK) {
        return code;
    }
    const bool has_val = *train != '\0' && is_folder(path);
    p->choose = !has_val && p->options->val_fraction > 0;
    if (has_val && p->options->val_fraction > 0) {
        log_warn("%s: there is a val/ folder, so no validation pictures are chosen by fraction", p->root);
    }
    code = find_classes(p, train);
    code = code != LS_OK || !has_val ? code : find_classes(p, "val");
    pack_names_sort(&p->classes);
    if (code == LS_OK && p->classes.count == 0) {
        code = error_set(LS_EUSAGE,
                         "%s: no class folders in it; it should hold <class>/<pictures>, or train/ and val/ "
                         "with them",
                         p->root);
    }
    code = code != LS_OK ? code : add_part(p, train, DATASET_TRAIN);
    code = code != LS_OK || !has_val ? code : add_part(p, "val", DATASET_VAL);
    log_progress_end();
    if (code == LS_OK && p->items.count == 0) {
        code = error_set(LS_EUSAGE, "%s: no readable JPEG or PNG pictures in its class folders", p->root);
    }
    return code;
}

int pack_directory(const char *dir, const char *out, const pack_directory_options *options, pack_result *result)
{
    char root[PATH_MAX];
    packer p = {.root = root, .options = options};
    int code = LS_OK;
    if (!(options->val_fraction >= 0 && options->val_fraction < 1)) {
        return error_set(LS_EUSAGE, "pack: the fraction for validation must be at least 0 and below 1");
    }
    code = temporary_prepare(out, "a data set");
    if (code != LS_OK) {
        return code;
    }
    code = join(root, sizeof root, dir, "");
    if (code != LS_OK) {
        return code;
    }
    for (size_t n = strlen(root); n > 1 && root[n - 1] == '/'; n--) {
        root[n - 1] = '\0'; /* so that messages do not show it twice */
    }
    if (!is_folder(dir)) {
        return error_set(LS_ENOTFOUND, "%s: no such folder", dir);
    }
    code = gather(&p);
    code = code != LS_OK ? code
                         : pack_finish(out, &p.items, (const char *const *)p.classes.names, p.classes.count, &p.result);
    if (code == LS_OK && result != NULL) {
        *result = p.result;
    }
    pack_names_release(&p.classes);
    pack_items_release(&p.items);
    free(p.file.bytes);
    image_release(&p.picture);
    return code;
}
