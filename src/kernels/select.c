#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kernels/kernels.h"
#include "kernels/tile.h"

extern const kernels kernels_generic;
extern const kernels kernels_generic_bf16;
#if defined(__x86_64__)
extern const kernels kernels_avx2;
extern const kernels kernels_avx2_bf16;
extern const kernels kernels_avx512;
extern const kernels kernels_avx512_bf16;
#elif defined(__aarch64__)
extern const kernels kernels_neon;
extern const kernels kernels_neon_bf16;
#endif

/* The tables of an instruction set, by kernel_storage. */
#ifdef LOCKSTEP_DOUBLE
#define TABLES(isa)                                                                                                    \
    {                                                                                                                  \
        &kernels_##isa                                                                                                 \
    }
#else
#define TABLES(isa)                                                                                                    \
    {                                                                                                                  \
        &kernels_##isa, &kernels_##isa##_bf16                                                                          \
    }
#endif

size_t kernel_pointwise_scratch(size_t in_blocks, size_t out_blocks)
{
    return (in_blocks + out_blocks) * PANEL_PIXELS * KERNEL_BLOCK;
}

size_t kernel_depthwise_scratch(size_t width)
{
    return 3 * (width + 2) * KERNEL_BLOCK; /* the ring of rows */
}

size_t kernel_stored_size(kernel_storage storage)
{
    return storage == KERNEL_STORE_BF16 ? 2 : sizeof(real);
}

typedef struct isa {
    int usable; /* by this CPU */
    const kernels *tables[KERNEL_STORAGES];
} isa;

const kernels *const *kernels_available(kernel_storage storage, size_t *count)
{
    enum { MOST_ISAS = 8 };
    static const kernels *usable[KERNEL_STORAGES][MOST_ISAS];
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    const isa all[] = {{1, TABLES(generic)}, {avx2, TABLES(avx2)}, {avx512, TABLES(avx512)}};
#elif defined(__aarch64__)
    const isa all[] = {{1, TABLES(generic)}, {1, TABLES(neon)}};
#else
    const isa all[] = {{1, TABLES(generic)}};
#endif
    _Static_assert(sizeof all / sizeof all[0] <= MOST_ISAS, "room for every kernel path");
    *count = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].usable && all[i].tables[storage] != NULL) {
            usable[storage][(*count)++] = all[i].tables[storage];
        }
    }
    return usable[storage];
}

static int asked_for_one(void)
{
    const char *asked = getenv("LOCKSTEP_ISA");
    return asked != NULL && asked[0] != '\0';
}

static int refuse_name(const char *wanted, const kernels *const *tables, size_t count)
{
    char names[128] = "";
    for (size_t i = 0; i < count; i++) {
        strncat(names, i == 0 ? "" : ", ", sizeof names - strlen(names) - 1);
        strncat(names, tables[i]->name, sizeof names - strlen(names) - 1);
    }
    return error_set(LS_EUSAGE, "%s%s: this CPU has no such kernel path; it has: %s",
                     asked_for_one() ? "LOCKSTEP_ISA=" : "kernels ", wanted, names);
}

int kernels_select(const kernels **out, kernel_storage storage, const char *name)
{
    size_t count = 0;
    const kernels *const *tables = kernels_available(storage, &count);
    const char *wanted = name == NULL && asked_for_one() ? getenv("LOCKSTEP_ISA") : name;
    if (count == 0) {
        return error_set(LS_EUSAGE, "mixed precision: this build computes and stores everything in " REAL_NAME
                                    "; use a release build, or precision float32");
    }
    *out = tables[count - 1];
    if (wanted == NULL) {
        return LS_OK;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tables[i]->name, wanted) == 0) {
            *out = tables[i];
            return LS_OK;
        }
    }
    return refuse_name(wanted, tables, count);
}
