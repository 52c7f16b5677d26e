#include "comm/beacon.h"

#include <string.h>

enum { VERSION = 2, MOST_IDLE_DAYS = 3650 };

static const char magic[4] = {'L', 'S', 'W', 'D'};

static uint8_t *put(uint8_t *at, uint64_t value, size_t width)
{
    for (size_t i = width; i-- > 0; value >>= 8) {
        at[i] = (uint8_t)value;
    }
    return at + width;
}

static uint64_t get(const uint8_t **at, size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++) {
        value = value << 8 | (*at)[i];
    }
    *at += width;
    return value;
}

void beacon_write(uint8_t out[BEACON_SIZE], const beacon *b, const beacon_token *token)
{
    memset(out, 0, BEACON_SIZE);
    memcpy(out, magic, sizeof magic);
    uint8_t *at = out + sizeof magic;
    at = put(at, VERSION, 2);
    at = put(at, (uint64_t)b->kind, 1);
    at = put(at, b->state.waits != 0, 1);
    at = put(at, token->words[0], 8);
    at = put(at, token->words[1], 8);
    at = put(at, b->rank, 4);
    at = put(at, b->address, 4);
    at = put(at, (uint64_t)b->state.phase, 4);
    at = put(at, b->sequence, 8);
    at = put(at, b->idle_ms, 8);
    at = put(at, b->state.step, 8);
    at = put(at, b->state.collective, 8);
    at = put(at, b->spent.waiting, 8);
    (void)put(at, b->spent.pictures, 8);
}

static int in_range(const beacon *b, uint64_t phase, uint64_t waits, int ranks)
{
    return (b->kind == BEACON_REPORT || b->kind == BEACON_ANSWER) && waits <= 1 && b->rank < (uint32_t)ranks &&
           b->address < BEACON_MOST_ADDRESSES && phase < WATCH_PHASE_COUNT &&
           b->idle_ms <= (uint64_t)MOST_IDLE_DAYS * 24 * 3600 * 1000;
}

int beacon_read(beacon *out, const uint8_t *bytes, size_t size, const beacon_token *token, int ranks)
{
    beacon b = {0};
    const uint8_t *at = bytes + sizeof magic;
    if (size != BEACON_SIZE || memcmp(bytes, magic, sizeof magic) != 0 || get(&at, 2) != VERSION) {
        return 0;
    }
    const uint64_t kind = get(&at, 1);
    const uint64_t waits = get(&at, 1);
    const uint64_t first = get(&at, 8);
    const uint64_t second = get(&at, 8);
    if (first != token->words[0] || second != token->words[1]) {
        return 0;
    }
    b.kind = kind == BEACON_REPORT || kind == BEACON_ANSWER ? (beacon_kind)kind : (beacon_kind)0;
    b.rank = (uint32_t)get(&at, 4);
    b.address = (uint32_t)get(&at, 4);
    const uint64_t phase = get(&at, 4);
    b.sequence = get(&at, 8);
    b.idle_ms = get(&at, 8);
    b.state.step = get(&at, 8);
    b.state.collective = get(&at, 8);
    b.spent.waiting = get(&at, 8);
    b.spent.pictures = get(&at, 8);
    if (!in_range(&b, phase, waits, ranks)) {
        return 0;
    }
    b.state.phase = (watch_phase)phase;
    b.state.waits = (int)waits;
    *out = b;
    return 1;
}
