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

/* The path of what is looked at, which grows and shrinks on the way: folders may lie two thousand deep. */
typedef struct trail {
    char path[PATH_MAX];
    size_t length;
} trail;

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

static int look_through(pictures *p, trail *t);

static int add_entry(pictures *p, trail *t)
{
    struct stat status;
    if (stat(t->path, &status) != 0) {
        char why[256];
        (void)snprintf(why, sizeof why, "cannot be opened: %s", strerror(errno));
        failed(p, t->path, why);
        return LS_OK;
    }
    if (S_ISDIR(status.st_mode)) {
        return look_through(p, t);
    }
    if (S_ISREG(status.st_mode) && is_picture(t->path)) {
        return add_path(p, t->path);
    }
    p->others++;
    return LS_OK;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Go on to an entry of the folder at hand; false where the path gets too long. */
static bool enter(trail *t, const char *name)
{
    const char *const slash = t->length > 0 && t->path[t->length - 1] == '/' ? "" : "/";
    const size_t room = sizeof t->path - t->length;
    const int n = snprintf(t->path + t->length, room, "%s%s", slash, name);
    const bool fits = n >= 0 && (size_t)n < room;
    t->length += fits ? (size_t)n : 0;
    return fits;
}

static void leave(trail *t, size_t before)
{
    t->length = before;
    t->path[before] = '\0';
}

/* All entries of the folder at hand in order, but "." and "..". */
static int add_entries(pictures *p, trail *t, struct dirent **list, int n)
{
    const size_t before = t->length;
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
        if (enter(t, name)) {
            code = add_entry(p, t);
        } else {
            leave(t, before);
            failed(p, t->path, "holds an entry whose path is too long");
        }
        leave(t, before);
    }
    return code;
}

/* Everything in the folder at hand, unless a link has led here before. */
static int look_through(pictures *p, trail *t)
{
    struct stat status;
    struct dirent **list = NULL;
    bool before = false;
    int n = -1;
    if (stat(t->path, &status) == 0) {
        const int code = pack_seen_add(&p->seen, &status, &before);
        if (code != LS_OK || before) {
            p->repeated += before;
            return code;
        }
        n = scandir(t->path, &list, NULL, by_name);
    }
    if (n < 0) {
        char why[256];
        (void)snprintf(why, sizeof why, "cannot be listed: %s", strerror(errno));
        failed(p, t->path, why);
        return LS_OK;
    }
    const int code = add_entries(p, t, list, n);
    for (int i = 0; i < n; i++) {
        free(list[i]);
    }
    free(list);
    return code;
}

static int add_folder(pictures *p, const char *argument)
{
    trail t;
    const size_t before = p->count + p->failed;
    const int n = snprintf(t.path, sizeof t.path, "%s", argument);
    t.length = n < 0 ? 0 : (size_t)n; /* the system took it for a path, so it fits */
    pack_seen_clear(&p->seen);
    const int code = look_through(p, &t);
    if (code == LS_OK && p->count + p->failed == before) {
        failed(p, argument, "no JPEG or PNG pictures in this folder");
    }
    return code;
}

int pictures_add(pictures *p, const char *argument)
{
    struct stat status;
    if (strcmp(argument, "-") == 0 || stat(argument, &status) != 0 || !S_ISDIR(status.st_mode)) {
        return add_path(p, argument);
    }
    p->gathered = true;
    return add_folder(p, argument);
}

/* As pictures_add, but "-" is a file of that name. */
static int add_line(pictures *p, char *line, size_t length)
{
    length -= length > 0 && line[length - 1] == '\r';
    line[length] = '\0';
    if (length == 0) {
        return LS_OK;
    }
    return pictures_add(p, strcmp(line, "-") == 0 ? "./-" : line);
}

/*
 * A line without its end, with a zero behind it; more than `room` - 1 bytes are not taken. Returns what ended it: the
 * line's end, EOF, or another byte where there is no room for it or it is a zero.
 */
static int read_line(FILE *file, char *line, size_t room, size_t *length)
{
    int c = getc(file);
    for (*length = 0; c != '\n' && c != EOF && c != '\0' && *length + 1 < room; c = getc(file)) {
        line[(*length)++] = (char)c;
    }
    line[*length] = '\0';
    return c;
}

/* All lines; errno tells of what could not be read. */
static int add_lines(pictures *p, FILE *file, const char *path)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors begin UTF-8 with it */
    char line[sizeof mark + PATH_MAX];
    size_t length = 0;
    int code = LS_OK;
    int end = '\n';
    bool first = true;
    while (code == LS_OK && end == '\n') {
        errno = 0;
        end = read_line(file, line, sizeof line, &length);
        if (end != '\n' && end != EOF) {
            failed(p, path, "is no list of names, one a line");
        } else if (!ferror(file)) {
            const size_t skipped = first && length >= 3 && strncmp(line, mark, 3) == 0 ? 3 : 0;
            code = add_line(p, line + skipped, length - skipped);
        }
        first = false;
    }
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
    pack_seen_release(&p->seen);
    *p = (pictures){0};
}
