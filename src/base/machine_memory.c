#include "base/machine.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t unlimited = UINT64_MAX / 4; /* version 1 writes "no limit" as a number near to 2^63 */

/* What differs between the two versions of control groups. */
typedef struct version {
    const char *type; /* of the file system */
    bool named;       /* the controller stands in the mount's options, and in /proc/self/cgroup */
    const char *limit, *usage;
    const char *inactive, *active; /* lines of memory.stat: file pages that can be dropped, of all groups below too */
} version;

static const version versions[] = {
    {"cgroup2", false, "memory.max", "memory.current", "inactive_file", "active_file"},
    {"cgroup", true, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_active_file"},
};

static FILE *open_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    const int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    return n > 0 && (size_t)n < sizeof path ? fopen(path, "re") : NULL;
}

/* A file of one number of bytes; "max" is no limit. false: there is no such file. */
static bool read_bytes(uint64_t *out, const char *folder, const char *name)
{
    char text[64] = "";
    char *end = text;
    FILE *file = open_file(folder, name);
    if (file == NULL) {
        return false;
    }
    const bool got = fgets(text, sizeof text, file) != NULL;
    (void)fclose(file);
    *out = strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, &end, 10);
    return got && (*out == UINT64_MAX || end > text);
}

/* The number behind a word at the start of a line: "MemTotal:   24 kB", "inactive_file 24". 0 where there is none. */
static uint64_t read_line(const char *folder, const char *name, const char *word)
{
    char line[256];
    uint64_t found = 0;
    const size_t length = strlen(word);
    FILE *file = open_file(folder, name);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, word, length) == 0 && line[length] == ' ') {
            found = strtoull(line + length, NULL, 10);
            break;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found;
}

static uint64_t kibibytes(const char *root, const char *word)
{
    return read_line(root, "proc/meminfo", word) << 10;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Limit and swap space together; the latter is counted separately in version 2, included in version 1, or not counted.
 */
static uint64_t with_swap(const version *v, const char *folder, uint64_t limit, uint64_t swap)
{
    uint64_t other = 0;
    if (v->named) {
        return read_bytes(&other, folder, "memory.memsw.limit_in_bytes") ? lesser(other, limit + swap) : limit + swap;
    }
    return limit + (read_bytes(&other, folder, "memory.swap.max") ? lesser(other, swap) : swap);
}

/* A long name keeps its end, which says most. */
static void name_group(char out[MACHINE_NAME_SIZE], const char *group)
{
    const size_t room = MACHINE_NAME_SIZE - sizeof "the cgroup ...";
    const size_t length = strlen(group);
    if (length > room) {
        (void)snprintf(out, MACHINE_NAME_SIZE, "the cgroup ...%.*s", (int)room, group + length - room);
    } else {
        (void)snprintf(out, MACHINE_NAME_SIZE, "the cgroup %.*s", (int)room, length == 0 ? "/" : group);
    }
}

/* The limit of one group, if it has any. */
static void add_group(machine_memory *out, const version *v, const char *folder, const char *group, uint64_t swap)
{
    uint64_t limit = 0;
    uint64_t used = 0;
    struct stat status;
    if (out->count == MACHINE_LIMITS || !read_bytes(&limit, folder, v->limit) || limit >= unlimited ||
        stat(folder, &status) != 0) {
        return;
    }
    (void)read_bytes(&used, folder, v->usage);
    const uint64_t cached = read_line(folder, "memory.stat", v->inactive) + read_line(folder, "memory.stat", v->active);
    machine_limit *l = &out->limits[out->count++];
    name_group(l->name, group);
    used = used > cached ? used - cached : 0;
    l->id = ((uint64_t)status.st_dev << 40) ^ (uint64_t)status.st_ino;
    l->bytes = with_swap(v, folder, limit, swap);
    l->available = limit > used ? limit - used : 0;
}

/* A word of a list with commas between them. */
static bool has_word(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list;;) {
        const size_t n = strcspn(at, ",");
        if (n == length && strncmp(at, word, n) == 0) {
            return true;
        }
        if (at[n] == '\0') {
            return false;
        }
        at += n + 1;
    }
}

/* This process' group, as /proc/self/cgroup names it: lines "4:cpu,memory:/a/b", in version 2 "0::/a/b". */
static bool own_group(char out[PATH_MAX], const char *root, const version *v)
{
    char line[PATH_MAX + 256];
    bool found = false;
    FILE *file = open_file(root, "proc/self/cgroup");
    while (!found && file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *const controllers = strchr(line, ':');
        char *const path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (path == NULL) {
            continue;
        }
        *path = '\0';
        found = v->named ? has_word(controllers + 1, "memory") : controllers[1] == '\0';
        (void)snprintf(out, PATH_MAX, "%.*s", (int)strcspn(path + 1, "\n"), path + 1);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return found;
}

/* Blanks and the like are written as \040 there. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* Where groups of this version are mounted, and which of them is seen there as the outermost. */
static bool find_mount(char point[PATH_MAX], char outermost[PATH_MAX], const char *root, const version *v)
{
    char line[3 * PATH_MAX];
    char type[64];
    char options[PATH_MAX];
    bool found = false;
    FILE *file = open_file(root, "proc/self/mountinfo");
    while (!found && file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *const rest = strstr(line, " - ");
        found = rest != NULL && sscanf(line, "%*s %*s %*s %4095s %4095s", outermost, point) == 2 &&
                sscanf(rest, " - %63s %*s %4095s", type, options) == 2 && strcmp(type, v->type) == 0 &&
                (!v->named || has_word(options, "memory"));
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    unescape(point);
    unescape(outermost);
    return found;
}

/* The part of a group's name that leads from the mount point to it: in a container the mount may begin further in. */
static const char *below(const char *group, const char *outermost)
{
    const size_t length = strlen(outermost);
    if (strncmp(group, "/..", 3) == 0 || strcmp(group, "/") == 0) {
        return "";
    }
    return length > 1 && strncmp(group, outermost, length) == 0 && (group[length] == '/' || group[length] == '\0')
               ? group + length
               : group;
}

/* Length of a path without its last part; at least `least`. */
static size_t parent_length(const char *path, size_t length, size_t least)
{
    do {
        length--;
    } while (length > least && path[length] != '/');
    return length;
}

static void add_groups(machine_memory *out, const char *root, const version *v, uint64_t swap)
{
    char group[PATH_MAX] = "";
    char point[PATH_MAX] = "";
    char outermost[PATH_MAX] = "";
    char folder[2 * PATH_MAX];
    struct stat status;
    if (!own_group(group, root, v) || !find_mount(point, outermost, root, v)) {
        return;
    }
    const int top = snprintf(folder, sizeof folder, "%s%s", root, point);
    if (top < 0 || (size_t)top + strlen(group) >= sizeof folder) {
        return;
    }
    (void)snprintf(folder + top, sizeof folder - (size_t)top, "%s", below(group, outermost));
    if (stat(folder, &status) != 0) {
        folder[top] = '\0'; /* a group that cannot be seen from here: all that is known is the outermost */
    }
    for (size_t length = strlen(folder);; length = parent_length(folder, length, (size_t)top)) {
        folder[length] = '\0';
        add_group(out, v, folder, folder + top, swap);
        if (length <= (size_t)top) {
            return;
        }
    }
}

uint64_t machine_mapped(const char *root)
{
    uint64_t pages = 0;
    (void)read_bytes(&pages, root, "proc/self/statm");
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/*
 * What this process may still map (`ulimit -v`). Libraries and what is there already are counted; some is kept in
 * reserve, as threads map stacks and heaps of their own, and HDF5 and MPI, which take memory where they please, die
 * without it.
 */
static void add_address_space(machine_memory *out, const char *root)
{
    const uint64_t reserve = (uint64_t)256 << 20;
    const uint64_t limit = read_line(root, "proc/self/limits", "Max address space");
    const uint64_t mapped = machine_mapped(root);
    if (limit == 0 || limit >= unlimited || mapped == 0 || mapped > limit) { /* a sanitizer's, which it does not hold */
        return;
    }
    machine_limit *l = &out->limits[out->count++];
    (void)snprintf(l->name, sizeof l->name,
                   "address space that ulimit -v (%" PRIu64 " KiB) leaves, %" PRIu64 " MiB for threads set aside",
                   limit >> 10, reserve >> 20);
    l->id = UINT64_C(1) << 63 | (uint64_t)getpid(); /* nobody shares it */
    l->bytes = limit - mapped > reserve ? limit - mapped - reserve : 0;
    l->available = l->bytes;
}

void machine_memory_of(machine_memory *out, const char *root)
{
    const uint64_t swap = kibibytes(root, "SwapTotal:");
    *out = (machine_memory){0};
    const uint64_t total = kibibytes(root, "MemTotal:");
    if (total > 0) {
        machine_limit *l = &out->limits[out->count++];
        (void)snprintf(l->name, sizeof l->name, "this machine");
        l->bytes = total + swap;
        l->available = kibibytes(root, "MemAvailable:");
    }
    add_address_space(out, root);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        add_groups(out, root, &versions[i], swap);
    }
}
