#include "base/fpu.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
static const uint64_t flush_bits = 0x8000 | 0x0040; /* FTZ, DAZ; every 64-bit processor has both */

static uint64_t read_control(void)
{
    return __builtin_ia32_stmxcsr();
}

static void write_control(uint64_t value)
{
    __builtin_ia32_ldmxcsr((unsigned)value);
}
#elif defined(__aarch64__)
static const uint64_t flush_bits = (uint64_t)1 << 24; /* FZ, for operands too */

static uint64_t read_control(void)
{
    uint64_t value = 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
}

static void write_control(uint64_t value)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(value));
}
#else
static const uint64_t flush_bits = 0;

static uint64_t read_control(void)
{
    return 0;
}

static void write_control(uint64_t value)
{
    (void)value;
}
#endif

static _Thread_local int depth;       /* pairs that are open */
static _Thread_local uint64_t before; /* the flush bits outside of all pairs */

/* Writing takes the processor longer than looking, and the exception flags beside the bits stay as they are. */
static void set_bits(uint64_t bits)
{
    const uint64_t now = read_control();
    if ((now & flush_bits) != bits) {
        write_control((now & ~flush_bits) | bits);
    }
}

void fpu_flush_begin(void)
{
    if (depth++ == 0) {
        before = read_control() & flush_bits;
    }
    set_bits(flush_bits);
}

void fpu_flush_end(void)
{
    if (depth > 0 && --depth == 0) {
        set_bits(before);
    }
}

size_t fpu_subnormals(const void *values, size_t n, size_t bytes)
{
    const int mantissa_bits = bytes == 8 ? 52 : bytes == 4 ? 23 : 7;
    const uint64_t mantissa = ((uint64_t)1 << mantissa_bits) - 1;
    const uint64_t magnitude = ((uint64_t)1 << (8 * bytes - 1)) - 1; /* all but the sign */
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = 0;
        memcpy(&bits, (const char *)values + i * bytes,
               bytes); /* the low ones, as all supported processors have them first */
        bits &= magnitude;
        count += bits != 0 && bits <= mantissa; /* no exponent */
    }
    return count;
}
