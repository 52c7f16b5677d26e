#include "cli/pictures.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

/* A folder that is being looked through, and the one it was found in. */
typedef struct folder {
    const struct folder *outer; /* NULL: it was given */
    dev_t device;
    ino_t number;
} folder;

static int add_path(pictures *p, const char *path)
{
    if (p->count == p->capacity) {
        const size_t capacity = p->capacity == 0 ? 64 : 2 * p->capacity;
        char **paths = realloc(p->paths, capacity * sizeof *paths);
        if (paths == NULL) {
            return error_set(LS_ENOMEM, "out of memory for the names of %zu pictures", capacity);
        }
        p->paths = paths;
        p->capacity = capacity;
    }
    p->paths[p->count] = strdup(path);
    if (p->paths[p->count] == NULL) {
        return error_set(LS_ENOMEM, "out of memory for the names of pictures");
    }
    p->count++;
    return LS_OK;
}

static void failed(pictures *p, const char *path, const char *what)
{
    log_error("%s: %s", path, what);
    p->failed++;
}

/* What systems leave in people's folders, in any case. */
static bool is_system(const char *name)
{
    static const char *const names[] = {
        "lost+found",
        "__MACOSX",
        "@eaDir",
        "@Recycle",
        "#recycle",
        "$RECYCLE.BIN",
        "System Volume Information",
        "Thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "Picasa.ini",
        "__pycache__",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_called_picture(const char *path)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png"};
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t n = strlen(endings[i]);
        if (length > n && strcasecmp(path + length - n, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* By its name or its first bytes; what cannot be opened is said later, when it is read. */
static bool is_picture(const char *path)
{
    unsigned char start[4] = {0};
    if (is_called_picture(path)) {
        return true;
    }
    const int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0) {
        return true;
    }
    const ssize_t n = read(file, start, sizeof start);
    (void)close(file);
    return (n >= 3 && memcmp(start, "\xff\xd8\xff", 3) == 0) || (n == 4 && memcmp(start, "\x89PNG", 4) == 0);
}

static int look_through(pictures *p, const char *path, const folder *outer);

static bool is_within(const struct stat *status, const folder *f)
{
    while (f != NULL && (f->device != status->st_dev || f->number != status->st_ino)) {
        f = f->outer;
    }
    return f != NULL;
}

static int add_entry(pictures *p, const char *path, const folder *f)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        char why[256];
        (void)snprintf(why, sizeof why, "cannot be opened: %s", strerror(errno));
        failed(p, path, why);
        return LS_OK;
    }
    if (S_ISDIR(status.st_mode) && !is_within(&status, f)) { /* a link may lead back */
        return look_through(p, path, f);
    }
    if (S_ISREG(status.st_mode) && is_picture(path)) {
        return add_path(p, path);
    }
    p->others++;
    return LS_OK;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* All entries of a folder in order, but "." and "..". */
static int add_entries(pictures *p, const char *path, struct dirent **list, int n, const folder *f)
{
    char inner[PATH_MAX];
    const char *const slash = path[0] != '\0' && path[strlen(path) - 1] == '/' ? "" : "/";
    int code = LS_OK;
    for (int i = 0; code == LS_OK && i < n; i++) {
        const char *name = list[i]->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
            continue;
        }
        if (name[0] == '.' || is_system(name)) {
            p->hidden++;
            continue;
        }
        const int length = snprintf(inner, sizeof inner, "%s%s%s", path, slash, name);
        if (length < 0 || (size_t)length >= sizeof inner) {
            failed(p, path, "holds an entry whose path is too long");
            continue;
        }
        code = add_entry(p, inner, f);
    }
    return code;
}

static int look_through(pictures *p, const char *path, const folder *outer)
{
    struct stat status;
    struct dirent **list = NULL;
    int n = -1;
    if (stat(path, &status) == 0) {
        n = scandir(path, &list, NULL, by_name);
    }
    if (n < 0) {
        char why[256];
        (void)snprintf(why, sizeof why, "cannot be listed: %s", strerror(errno));
        failed(p, path, why);
        return LS_OK;
    }
    const folder here = {outer, status.st_dev, status.st_ino};
    const int code = add_entries(p, path, list, n, &here);
    for (int i = 0; i < n; i++) {
        free(list[i]);
    }
    free(list);
    return code;
}

int pictures_add(pictures *p, const char *argument)
{
    struct stat status;
    const size_t before = p->count + p->failed;
    if (strcmp(argument, "-") == 0 || stat(argument, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return add_path(p, argument);
    }
    p->gathered = true;
    const int code = look_through(p, argument, NULL);
    if (code == LS_OK && p->count + p->failed == before) {
        failed(p, argument, "no JPEG or PNG pictures in this folder");
    }
    return code;
}

/* As pictures_add, but "-" is a file of that name. */
static int add_line(pictures *p, char *line)
{
    size_t length = strcspn(line, "\n");
    length -= length > 0 && line[length - 1] == '\r';
    line[length] = '\0';
    if (length == 0) {
        return LS_OK;
    }
    return pictures_add(p, strcmp(line, "-") == 0 ? "./-" : line);
}

/* All lines; errno tells of what could not be read. */
static int add_lines(pictures *p, FILE *file, const char *path)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors begin UTF-8 with it */
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = 0;
    int code = LS_OK;
    bool first = true;
    errno = 0;
    while (code == LS_OK && (length = getline(&line, &capacity, file)) >= 0) {
        if (strlen(line) != (size_t)length) {
            failed(p, path, "is no list of names, one a line");
            break;
        }
        code = add_line(p, first && strncmp(line, mark, 3) == 0 ? line + 3 : line);
        first = false;
        errno = 0;
    }
    free(line);
    return code;
}

int pictures_add_list(pictures *p, const char *path)
{
    const bool input = strcmp(path, "-") == 0;
    const char *name = input ? "standard input" : path;
    const size_t before = p->count + p->failed;
    FILE *file = input ? stdin : fopen(path, "re");
    p->gathered = true;
    const int code = file == NULL ? LS_OK : add_lines(p, file, name);
    if (file == NULL || ferror(file)) {
        failed(p, name, strerror(errno));
    } else if (code == LS_OK && p->count + p->failed == before) {
        failed(p, name, "names no pictures");
    }
    if (file != NULL && !input) {
        (void)fclose(file);
    }
    return code;
}

void pictures_release(pictures *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->paths[i]);
    }
    free(p->paths);
    *p = (pictures){0};
}
