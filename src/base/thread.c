#include "base/thread.h"

#include <signal.h>

#include "base/error.h"

int thread_start(pthread_t *out, void *(*work)(void *), void *context, const char *purpose)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    const int refused = pthread_create(out, NULL, work, context);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return refused == 0 ? LS_OK : error_set(LS_ERROR, "the system refuses to start a thread for %s", purpose);
}
