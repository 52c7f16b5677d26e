#include "instrument/series.h"

#include <stdlib.h>

void series_release(series *s)
{
    free(s->names);
    free(s->filters);
    free(s->sizes);
    free(s->steps);
    free(s->rates);
    free(s->shares);
    free(s->rows);
    *s = (series){0};
}
