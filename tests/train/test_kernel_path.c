/* Which kernel path ranks settle on, new and from a checkpoint. */
#include <stdlib.h>
#include <string.h>

#include "comm/ranks.h"

#include "base/error.h"
#include "base/real.h"
#include "kernels/kernels.h"
#include "train/kernel_path.h"

static const char *const other_numbers = sizeof(real) == 4 ? "float64" : "float32";

static int settle(char out[ORIGIN_NAME_SIZE], comm *c, const char *path, const char *numbers, bool same_bits)
{
    origin from = {0};
    const kernel_path_request request = {.checkpoint = "x.weights.h5", .origin = &from, .same_bits = same_bits};
    if (path != NULL) {
        origin_add(&from, 0, "several", numbers);
        origin_add(&from, 40, path, numbers);
    }
    out[0] = '\0';
    return kernel_path_settle(out, c, &request);
}

static void check_new(comm *c, const char *best)
{
    const kernel_path_request request = {0};
    char name[ORIGIN_NAME_SIZE];
    EXPECT(kernel_path_settle(name, c, &request) == LS_OK && strcmp(name, best) == 0, "%s, not %s", name, best);
}

/* Every path that this processor has is gone on with; bits go on. */
static void check_paths(comm *c)
{
    size_t count = 0;
    char name[ORIGIN_NAME_SIZE];
    const kernels *const *tables = kernels_available(KERNEL_STORE_REAL, &count);
    for (size_t i = 0; i < count; i++) {
        for (int same_bits = 0; same_bits <= 1; same_bits++) {
            EXPECT(settle(name, c, tables[i]->name, REAL_NAME, same_bits) == LS_OK, "%s", error_message());
            EXPECT(strcmp(name, tables[i]->name) == 0, "%s, not %s", name, tables[i]->name);
        }
    }
}

static void check_others(comm *c, const char *best)
{
    char name[ORIGIN_NAME_SIZE];
    EXPECT(settle(name, c, "sve9", REAL_NAME, false) == LS_OK, "%s", error_message());
    EXPECT(strcmp(name, best) == 0, "%s, not %s", name, best);
    EXPECT(settle(name, c, "sve9", REAL_NAME, true) == LS_EUSAGE, "another processor's path");
    EXPECT(strstr(error_message(), "sve9") != NULL, "%s", error_message());
    EXPECT(settle(name, c, best, other_numbers, false) == LS_OK, "%s", error_message());
    EXPECT(settle(name, c, best, other_numbers, true) == LS_EUSAGE, "another number type");
    EXPECT(strstr(error_message(), other_numbers) != NULL, "%s", error_message());
    EXPECT(settle(name, c, NULL, NULL, false) == LS_OK, "%s", error_message());
    EXPECT(settle(name, c, NULL, NULL, true) == LS_EUSAGE, "a checkpoint that does not say");
    EXPECT(strstr(error_message(), "does not say") != NULL, "%s", error_message());
}

/* What is asked for comes before what the checkpoint has. */
static void check_asked(comm *c)
{
    char name[ORIGIN_NAME_SIZE];
    (void)setenv("LOCKSTEP_ISA", "generic", 1);
    check_new(c, "generic");
    EXPECT(settle(name, c, "sve9", REAL_NAME, false) == LS_OK && strcmp(name, "generic") == 0, "%s", name);
    EXPECT(settle(name, c, "generic", REAL_NAME, true) == LS_OK && strcmp(name, "generic") == 0, "%s", name);
    EXPECT(settle(name, c, "avx2", REAL_NAME, true) == LS_EUSAGE, "generic asked for, avx2 in the checkpoint");
    (void)setenv("LOCKSTEP_ISA", "sve9", 1);
    EXPECT(settle(name, c, "generic", REAL_NAME, false) == LS_EUSAGE, "a path that nobody has");
    (void)unsetenv("LOCKSTEP_ISA");
}

/* A rank that is asked for another path than the rest. */
static void check_mixed(comm *c)
{
    size_t count = 0;
    char name[ORIGIN_NAME_SIZE];
    (void)kernels_available(KERNEL_STORE_REAL, &count);
    if (comm_size(c) == 1 || count == 1) {
        return;
    }
    if (comm_rank(c) == comm_size(c) - 1) {
        (void)setenv("LOCKSTEP_ISA", "generic", 1);
    }
    EXPECT(settle(name, c, NULL, NULL, false) == LS_EUSAGE, "ranks with different paths");
    EXPECT(strstr(error_message(), "LOCKSTEP_ISA") != NULL, "%s", error_message());
    (void)unsetenv("LOCKSTEP_ISA");
}

int main(int argc, char **argv)
{
    comm *c = NULL;
    const kernels *best = NULL;
    (void)unsetenv("LOCKSTEP_ISA");
    if (comm_start(&c, &argc, &argv) != LS_OK || kernels_select(&best, KERNEL_STORE_REAL, NULL) != LS_OK) {
        fprintf(stderr, "%s\n", error_message());
        return EXIT_FAILURE;
    }
    check_new(c, best->name);
    check_paths(c);
    check_others(c, best->name);
    check_asked(c);
    check_mixed(c);
    return ranks_finish(c);
}
