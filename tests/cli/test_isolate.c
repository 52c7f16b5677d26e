/* A check in a process of its own: its words come back, and so does the news of its end. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "cli/isolate.h"

enum { PATIENCE = 600 };

static bool says(char *text, problems *found, void *context)
{
    for (int i = 0; i < 100; i++) {
        problems_progress(found);
    }
    (void)snprintf(text, ISOLATE_TEXT_SIZE, "%s", (const char *)context);
    return strcmp(text, "fine") == 0;
}

static bool crashes(char *text, problems *found, void *context)
{
    (void)found;
    (void)context;
    text[0] = 'x';
    (void)signal(SIGSEGV, SIG_DFL);
    (void)raise(SIGSEGV);
    return true;
}

static bool leaves(char *text, problems *found, void *context)
{
    (void)found;
    (void)context;
    text[0] = 'x';
    _exit(0);
}

static bool hangs(char *text, problems *found, void *context)
{
    (void)found;
    (void)context;
    text[0] = 'x';
    while (text[0] == 'x') {
        (void)pause();
    }
    return true;
}

static isolate_result run(bool (*check)(char *text, problems *found, void *context), const char *words,
                          unsigned patience)
{
    isolate_result r;
    ck_assert_msg(isolate_run(&r, check, (void *)words, patience, 0) == LS_OK, "%s", error_message());
    return r;
}

START_TEST(words_come_back)
{
    char longest[ISOLATE_TEXT_SIZE];
    isolate_result r = run(says, "fine", PATIENCE);
    ck_assert(r.good && strcmp(r.text, "fine") == 0);
    r = run(says, "", PATIENCE);
    ck_assert(!r.good && r.text[0] == '\0');
    memset(longest, '.', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    r = run(says, longest, PATIENCE);
    ck_assert(!r.good && strcmp(r.text, longest) == 0);
}
END_TEST

START_TEST(ends_are_told)
{
    isolate_result r = run(crashes, NULL, PATIENCE);
    ck_assert(!r.good && strstr(r.text, "crashed (signal 11") != NULL);
    r = run(leaves, NULL, PATIENCE);
    ck_assert(!r.good && strstr(r.text, "crashed (status 0)") != NULL);
    r = run(hangs, NULL, 1);
    ck_assert(!r.good && strstr(r.text, "does not end") != NULL);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("isolate");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, words_come_back);
    tcase_add_test(tests, ends_are_told);
    return suite_run("isolate", tests);
}
