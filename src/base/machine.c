#include "base/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void machine_processor(char *out, size_t size)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "re");
    (void)snprintf(out, size, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon == NULL || strncmp(line, "model name", strlen("model name")) != 0) {
            continue;
        }
        const char *name = colon + 1 + strspn(colon + 1, " ");
        (void)snprintf(out, size, "%.*s", (int)strcspn(name, "\n"), name);
        break;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

double machine_peak_resident(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? 1024.0 * (double)usage.ru_maxrss : 0; /* Linux counts in KiB */
}

void machine_host(char *out, size_t size)
{
    (void)snprintf(out, size, "host");
    (void)gethostname(out, size);
    out[size - 1] = '\0'; /* a longer name is cut off without an end */
}
