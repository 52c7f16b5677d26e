#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kernels/kernels.h"
#include "kernels/tile.h"

extern const kernels kernels_generic;
#if defined(__x86_64__)
extern const kernels kernels_avx2;
extern const kernels kernels_avx512;
#elif defined(__aarch64__)
extern const kernels kernels_neon;
#endif

size_t kernel_pointwise_scratch(size_t in_blocks, size_t out_blocks)
{
    return (in_blocks + out_blocks) * PANEL_PIXELS * KERNEL_BLOCK;
}

size_t kernel_depthwise_scratch(size_t width)
{
    return 7 * (width + 2) * KERNEL_BLOCK;
}

const kernels *const *kernels_available(size_t *count)
{
    static const kernels *tables[4];
    size_t n = 0;
    tables[n++] = &kernels_generic;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2) {
        tables[n++] = &kernels_avx2;
    }
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")) {
        tables[n++] = &kernels_avx512;
    }
#elif defined(__aarch64__)
    tables[n++] = &kernels_neon;
#endif
    *count = n;
    return tables;
}

int kernels_select(const kernels **out)
{
    size_t count = 0;
    const kernels *const *tables = kernels_available(&count);
    const char *wanted = getenv("LOCKSTEP_ISA");
    *out = tables[count - 1];
    if (wanted == NULL || wanted[0] == '\0') {
        return LS_OK;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tables[i]->name, wanted) == 0) {
            *out = tables[i];
            return LS_OK;
        }
    }
    char names[128] = "";
    for (size_t i = 0; i < count; i++) {
        strncat(names, i == 0 ? "" : ", ", sizeof names - strlen(names) - 1);
        strncat(names, tables[i]->name, sizeof names - strlen(names) - 1);
    }
    return error_set(LS_EUSAGE, "LOCKSTEP_ISA=%s: this CPU has no such kernel path; it has: %s", wanted, names);
}
