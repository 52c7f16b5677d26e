/* A snapshot is read whole while it is written. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

#include "base/snapshot.h"

enum { NUMBERS = 100, ROUNDS = 20000 };

typedef struct said {
    uint64_t numbers[NUMBERS];
    char text[21]; /* no multiple of a word */
} said;

static snapshot told;
static atomic_int over;

static said make(uint64_t i)
{
    said s = {0};
    for (size_t k = 0; k < NUMBERS; k++) {
        s.numbers[k] = i * NUMBERS + k;
    }
    (void)snprintf(s.text, sizeof s.text, "%llu", (unsigned long long)i);
    return s;
}

static void *tell(void *context)
{
    (void)context;
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        const said s = make(i);
        snapshot_write(&told, &s, sizeof s);
    }
    atomic_store(&over, 1);
    return NULL;
}

START_TEST(whole_or_not_at_all)
{
    pthread_t other;
    uint64_t last = 0;
    said s;
    ck_assert_int_eq(snapshot_read(&told, &s, sizeof s), 0);
    ck_assert_int_eq(pthread_create(&other, NULL, tell, NULL), 0);
    while (!atomic_load(&over)) {
        if (snapshot_read(&told, &s, sizeof s)) {
            const uint64_t i = s.numbers[0] / NUMBERS;
            const said whole = make(i);
            ck_assert(i >= last);
            ck_assert_mem_eq(&s, &whole, sizeof s);
            last = i;
        }
    }
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    ck_assert_int_eq(snapshot_read(&told, &s, sizeof s), 1);
    ck_assert_str_eq(s.text, "20000");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("snapshot");
    tcase_add_test(cases, whole_or_not_at_all);
    return suite_run("snapshot", cases);
}
