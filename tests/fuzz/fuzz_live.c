/*
 * What a run writes about itself beside HDF5: with an even first byte, what follows is a status file; else an event
 * file, whose checksums are set right if the byte's second bit is, as no fuzzer finds them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "store/event_message.h"
#include "store/event_record.h"
#include "store/status_file.h"

enum { LENGTH = 8, SUM = 4, MEND = 2 };

static char folder[4096];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    const char *path = fuzz_path("status.json");
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(file_name(path) - path - 1), path);
    return 0;
}

static void check_text(const char *text)
{
    while (*text != '\0') {
        uint32_t c = 0;
        const size_t n = text_decode(text, &c);
        FUZZ_CHECK(n > 0);
        text += n;
    }
}

/* What was read can be written, and comes back. */
static void try_status(const uint8_t *data, size_t size)
{
    status_report r;
    status_report again;
    fuzz_write_file(fuzz_path("status.json"), data, size);
    const int code = status_file_read(&r, folder);
    if (code != LS_OK) {
        fuzz_check_code(code);
        FUZZ_CHECK(isnan(r.step) && r.run[0] == '\0');
        return;
    }
    check_text(r.message);
    check_text(r.host);
    check_text(r.waited);
    FUZZ_CHECK(status_file_write(folder, &r) == LS_OK);
    FUZZ_CHECK(status_file_read(&again, folder) == LS_OK);
    FUZZ_CHECK(again.state == r.state && isnan(again.step) == isnan(r.step));
}

static uint64_t number_at(const uint8_t *bytes, size_t width)
{
    uint64_t n = 0;
    for (size_t i = width; i-- > 0;) {
        n = n << 8 | bytes[i];
    }
    return n;
}

static void put_sum(uint8_t *at, const uint8_t *bytes, size_t n)
{
    const uint32_t sum = crc32c_masked(bytes, n);
    for (size_t i = 0; i < SUM; i++) {
        at[i] = (uint8_t)(sum >> (8 * i));
    }
}

static void mend_sums(uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (size - at >= LENGTH + SUM) {
        const uint64_t n = number_at(bytes + at, LENGTH);
        put_sum(bytes + at + LENGTH, bytes + at, LENGTH);
        at += LENGTH + SUM;
        if (n > size - at || size - at - n < SUM) {
            return;
        }
        put_sum(bytes + at + n, bytes + at, (size_t)n);
        at += (size_t)n + SUM;
    }
}

static void try_events(const uint8_t *data, size_t size, int mend)
{
    uint8_t *bytes = malloc(size + 1);
    FUZZ_CHECK(bytes != NULL);
    memcpy(bytes, data, size);
    if (mend) {
        mend_sums(bytes, size);
    }
    FILE *file = size == 0 ? NULL : fmemopen(bytes, size, "r");
    event_records r = {.file = file, .name = "events"};
    int got = file == NULL ? 0 : 1;
    while (got == 1) {
        event_info e;
        got = event_records_next(&r);
        FUZZ_CHECK(r.end <= size);
        if (got == 1) {
            const int code = event_read(&e, r.bytes, r.length);
            FUZZ_CHECK(code == LS_OK || code == LS_EFORMAT);
            FUZZ_CHECK(strnlen(e.tag, sizeof e.tag) < sizeof e.tag);
        }
    }
    if (got < 0) {
        fuzz_check_code(got);
    }
    event_records_release(&r);
    if (file != NULL) {
        (void)fclose(file);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (data[0] % 2 == 0) {
        try_status(data + 1, size - 1);
    } else {
        try_events(data + 1, size - 1, (data[0] & MEND) != 0);
    }
    return 0;
}

static size_t status_seed(uint8_t *out)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    status_report r = status_unknown();
    r.step = 12;
    r.loss = 0.25;
    (void)snprintf(r.run, sizeof r.run, "digits \"\xc3\xa4\"");
    FUZZ_CHECK(status_file_write(folder, &r) == LS_OK);
    fuzz_read_file(fuzz_path("status.json"), &bytes, &size);
    out[0] = 0;
    memcpy(out + 1, bytes, size);
    free(bytes);
    return 1 + size;
}

static size_t text_seed(uint8_t *out, const char *text)
{
    out[0] = 0;
    memcpy(out + 1, text, strlen(text));
    return 1 + strlen(text);
}

static size_t events_seed(uint8_t *out, uint8_t how)
{
    text_builder file = {0};
    text_builder message = {0};
    text_builder values = {0};
    event_add_version(&message, 1);
    event_record_add(&file, text_of(&message), message.length);
    message.length = 0;
    event_add_start(&message, 1, 301);
    event_record_add(&file, text_of(&message), message.length);
    message.length = 0;
    event_put_scalar(&values, "epoch/loss", "loss", 0.5);
    event_put_text(&values, "text", "a");
    event_add_values(&message, 1, 300, &values);
    event_record_add(&file, text_of(&message), message.length);
    FUZZ_CHECK(!file.failed);
    out[0] = how;
    memcpy(out + 1, file.bytes, file.length);
    const size_t size = 1 + file.length;
    text_release(&file);
    text_release(&message);
    text_release(&values);
    return size;
}

size_t fuzz_seed(size_t number, uint8_t *out, size_t room)
{
    (void)room;
    switch (number) {
    case 0: return status_seed(out);
    case 1: return text_seed(out, "{\"lockstep_status\": 1, \"a\": [{\"b\": \"]\"}, true], \"c\": {}, \"step\": null}");
    case 2:
        return text_seed(out, "{\"lockstep_status\": 1, \"run\": \"\\ud83d\\ude00\\u0000\\\\\\n\", \"step\": -1.5e+3}");
    case 3: return events_seed(out, 1);
    case 4: return events_seed(out, 1 | MEND);
    default: return 0;
    }
}
