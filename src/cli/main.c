#include <stdio.h>

int main(void)
{
    printf("lockstep %s\n", LOCKSTEP_VERSION);
    return 0;
}
