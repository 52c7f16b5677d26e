/* With which arithmetic a run goes on from a checkpoint, and which kernel paths may be asked for. */
#include <stdlib.h>
#include <string.h>

#include "comm/ranks.h"

#include "base/error.h"
#include "base/real.h"
#include "train/kernel_path.h"

static const char *const other_numbers = sizeof(real) == 4 ? "float64" : "float32";

static int settle(comm *c, const char *path, const char *numbers, bool same_bits)
{
    origin from = {0};
    const kernel_path_request request = {.checkpoint = "x.weights.h5", .origin = &from, .same_bits = same_bits};
    if (path != NULL) {
        origin_add(&from, 0, "several", numbers);
        origin_add(&from, 40, path, numbers);
    }
    return kernel_path_settle(c, &request);
}

static void check_others(comm *c)
{
    EXPECT(kernel_path_settle(c, &(kernel_path_request){0}) == LS_OK, "%s", error_message());
    EXPECT(settle(c, ORIGIN_ANY_PATH, REAL_NAME, true) == LS_OK, "%s", error_message());
    EXPECT(settle(c, "avx2", REAL_NAME, false) == LS_OK, "%s", error_message());
    EXPECT(settle(c, "avx2", REAL_NAME, true) == LS_EUSAGE, "an older version's path");
    EXPECT(strstr(error_message(), "with kernels avx2 in " REAL_NAME) != NULL, "%s", error_message());
    EXPECT(settle(c, ORIGIN_ANY_PATH, other_numbers, false) == LS_OK, "%s", error_message());
    EXPECT(settle(c, ORIGIN_ANY_PATH, other_numbers, true) == LS_EUSAGE, "another number type");
    EXPECT(strstr(error_message(), other_numbers) != NULL, "%s", error_message());
    EXPECT(settle(c, NULL, NULL, false) == LS_OK, "%s", error_message());
    EXPECT(settle(c, NULL, NULL, true) == LS_EUSAGE, "a checkpoint that does not say");
    EXPECT(strstr(error_message(), "does not say") != NULL, "%s", error_message());
}

/* One rank is asked for another path than the rest, which is fine, and for one that there is not, which is not. */
static void check_asked(comm *c)
{
    const bool last = comm_rank(c) == comm_size(c) - 1;
    if (last) {
        (void)setenv("LOCKSTEP_ISA", "generic", 1);
    }
    EXPECT(settle(c, ORIGIN_ANY_PATH, REAL_NAME, true) == LS_OK, "%s", error_message());
    if (last) {
        (void)setenv("LOCKSTEP_ISA", "sve9", 1);
    }
    EXPECT(settle(c, ORIGIN_ANY_PATH, REAL_NAME, false) == LS_EUSAGE, "a path that nobody has");
    EXPECT(strstr(error_message(), "sve9") != NULL, "%s", error_message());
    (void)unsetenv("LOCKSTEP_ISA");
}

int main(int argc, char **argv)
{
    comm *c = NULL;
    (void)unsetenv("LOCKSTEP_ISA");
    if (comm_start(&c, &argc, &argv) != LS_OK) {
        fprintf(stderr, "%s\n", error_message());
        return EXIT_FAILURE;
    }
    check_others(c);
    check_asked(c);
    return ranks_finish(c);
}
