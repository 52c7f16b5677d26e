#ifndef LOCKSTEP_TESTS_SUITE_H
#define LOCKSTEP_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Run one test case with a name and say how it went, as main's result. how: CK_FORK has each test in its own process.
 */
static inline int suite_run_as(const char *name, TCase *cases, enum fork_status how)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, how);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int suite_run(const char *name, TCase *cases)
{
    return suite_run_as(name, cases, CK_NOFORK);
}

#endif
