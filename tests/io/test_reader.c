/* Files that HDF5 dies of, hangs on, or writes where it should not: another process reads them, and this one goes on.
 */
#include <dirent.h>
#include <hdf5.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

#include "base/error.h"
#include "io/h5.h"

static char folder[] = "/tmp/lockstep-reader-XXXXXX";
static char path[PATH_MAX];

static void set_up(void)
{
    (void)snprintf(path, sizeof path, "%s/file.h5", folder);
}

static void tear_down(void)
{
    (void)unlink(path);
    h5_set_patience(0);
}

static unsigned char *slurp(size_t *size)
{
    struct stat status;
    FILE *f = fopen(path, "rb");
    ck_assert(f != NULL && fstat(fileno(f), &status) == 0);
    unsigned char *bytes = malloc((size_t)status.st_size + 1);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)status.st_size, f), (size_t)status.st_size);
    (void)fclose(f);
    *size = (size_t)status.st_size;
    return bytes;
}

static void spill(const unsigned char *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    ck_assert(f != NULL && fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
}

/* Some of everything: numbers, texts, a table that grows, attributes. */
static void make_file(void)
{
    const size_t n = 300;
    const double rows[6] = {1, 2, 3, 4, 5, 6};
    const char *words[] = {"one", "two", "three"};
    int32_t numbers[300];
    h5_file *f = NULL;
    for (int i = 0; i < 300; i++) {
        numbers[i] = i * i;
    }
    ck_assert_int_eq(h5_create(&f, path), LS_OK);
    ck_assert_int_eq(h5_write(f, "g/numbers", H5_INT32, 1, &n, numbers), LS_OK);
    ck_assert_int_eq(h5_write_strings(f, "g/words", words, 3), LS_OK);
    ck_assert_int_eq(h5_create_growing(f, "t/rows", H5_FLOAT64, 2, 4), LS_OK);
    ck_assert_int_eq(h5_append(f, "t/rows", H5_FLOAT64, 3, rows), LS_OK);
    ck_assert_int_eq(h5_write_attr_string(f, "/", "kind", "test"), LS_OK);
    ck_assert_int_eq(h5_write_attr(f, "g", "count", H5_UINT64, &(uint64_t){300}), LS_OK);
    ck_assert_int_eq(h5_write_attr_strings(f, "t", "names", words, 3), LS_OK);
    ck_assert_int_eq(h5_close(f), LS_OK);
}

static void expect_line(int code)
{
    if (code != LS_OK) {
        ck_assert_int_lt(code, 0);
        ck_assert_msg(strncmp(error_message(), path, strlen(path)) == 0, "%s", error_message());
    }
}

/* Ask for everything that is there. What comes back may be wrong, but this process lives. */
static void read_all(void)
{
    h5_file *f = NULL;
    h5_shape shape;
    h5_held *held = NULL;
    char **texts = NULL;
    char *text = NULL;
    size_t count = 0;
    uint64_t number = 0;
    static int32_t numbers[300];
    static double rows[6];
    const int code = h5_open_read(&f, path);
    expect_line(code);
    if (code != LS_OK) {
        return;
    }
    (void)h5_exists(f, "g/numbers");
    (void)h5_attr_exists(f, "g", "count");
    expect_line(h5_stat(f, "t/rows", &shape));
    expect_line(h5_read(f, "g/numbers", H5_INT32, 300, numbers));
    expect_line(h5_read_slice(f, "t/rows", H5_FLOAT64, 0, 3, 2, rows));
    expect_line(h5_hold(&held, f, "g/numbers", H5_INT32));
    if (held != NULL) {
        expect_line(h5_read_held(held, 0, 1, numbers));
    }
    h5_let_go(held);
    expect_line(h5_read_attr(f, "g", "count", H5_UINT64, &number));
    if (h5_read_attr_string(f, "/", "kind", &text) == LS_OK) {
        free(text);
    }
    if (h5_read_attr_strings(f, "t", "names", &texts, &count) == LS_OK) {
        free(texts);
    }
    texts = NULL;
    if (h5_read_strings(f, "g/words", &texts, &count) == LS_OK) {
        free(texts);
    }
    texts = NULL;
    if (h5_list(f, "g", &texts, &count) == LS_OK) {
        free(texts);
    }
    ck_assert_int_eq(h5_close(f), LS_OK);
}

static void expect_good(void)
{
    h5_file *f = NULL;
    int32_t numbers[300];
    make_file();
    ck_assert_msg(h5_open_read(&f, path) == LS_OK, "%s", error_message());
    ck_assert_msg(h5_read(f, "g/numbers", H5_INT32, 300, numbers) == LS_OK, "%s", error_message());
    ck_assert_int_eq(numbers[299], 299 * 299);
    ck_assert_int_eq(h5_close(f), LS_OK);
}

/* Every byte of the file, in three ways: nothing of it takes this process along. */
START_TEST(any_byte_may_be_wrong)
{
    static const unsigned char values[] = {0, 0x7f, 0xff};
    size_t size = 0;
    make_file();
    unsigned char *whole = slurp(&size);
    for (size_t at = 0; at < size; at += at < 4096 ? 5 : 11) {
        const unsigned char kept = whole[at];
        for (size_t v = 0; v < sizeof values; v++) {
            whole[at] = values[v];
            if (values[v] != kept) {
                spill(whole, size);
                read_all();
            }
        }
        whole[at] = kept;
    }
    free(whole);
    expect_good();
}
END_TEST

/* Runs of eight bytes, as addresses and sizes have. */
START_TEST(any_address_may_be_wrong)
{
    size_t size = 0;
    make_file();
    unsigned char *whole = slurp(&size);
    unsigned char *edited = malloc(size);
    for (size_t at = 0; at + 8 <= size; at += 8) {
        memcpy(edited, whole, size);
        memset(edited + at, 0xff, 8);
        spill(edited, size);
        read_all();
        memset(edited + at, 0, 8);
        edited[at] = (unsigned char)(at % 251);
        edited[at + 1] = 4;
        spill(edited, size);
        read_all();
    }
    free(edited);
    free(whole);
    expect_good();
}
END_TEST

enum { LONG_TEXT = 60000 };

/* A file with a text of LONG_TEXT bytes in its heap, whose reference claims another length. */
static void make_liar(int attribute, uint32_t length)
{
    static char text[LONG_TEXT + 1];
    const hsize_t two = 2;
    const char *list[2] = {text, "b"};
    size_t size = 0;
    int found = 0;
    memset(text, 'A', LONG_TEXT);
    const hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t type = H5Tcopy(H5T_C_S1);
    const hid_t space = H5Screate_simple(1, &two, NULL);
    ck_assert(id >= 0 && H5Tset_size(type, H5T_VARIABLE) >= 0);
    const hid_t set = attribute ? H5Acreate2(id, "s", type, space, H5P_DEFAULT, H5P_DEFAULT)
                                : H5Dcreate2(id, "s", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert((attribute ? H5Awrite(set, type, list) : H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, list)) >= 0);
    (void)(attribute ? H5Aclose(set) : H5Dclose(set));
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Fclose(id);
    /* A reference is a length, and a heap's address and index. */
    unsigned char *bytes = slurp(&size);
    const uint32_t truth = LONG_TEXT;
    for (size_t at = 0; at + 16 <= size; at++) {
        uint64_t address = 0;
        memcpy(&address, bytes + at + 4, sizeof address);
        if (memcmp(bytes + at, &truth, 4) == 0 && address < size && memcmp(bytes + address, "GCOL", 4) == 0) {
            memcpy(bytes + at, &length, 4);
            found++;
        }
    }
    ck_assert_int_eq(found, 1);
    spill(bytes, size);
    free(bytes);
}

static long peak(int who)
{
    struct rusage usage;
    ck_assert_int_eq(getrusage(who, &usage), 0);
    return usage.ru_maxrss; /* KiB */
}

/* HDF5 1.10.8 takes as much memory as is claimed, and copies as much as there is: it writes past the end. */
START_TEST(texts_that_lie_about_their_length)
{
    static const uint32_t claims[] = {0, 1, 2, 100, LONG_TEXT - 1, LONG_TEXT + 1, UINT32_MAX};
    const long before = peak(RUSAGE_SELF);
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        for (int attribute = 0; attribute < 2; attribute++) {
            h5_file *f = NULL;
            char **texts = NULL;
            size_t count = 0;
            make_liar(attribute, claims[i]);
            if (h5_open_read(&f, path) != LS_OK) {
                continue;
            }
            const int code =
                attribute ? h5_read_attr_strings(f, "/", "s", &texts, &count) : h5_read_strings(f, "s", &texts, &count);
            expect_line(code);
            if (code == LS_OK) { /* whatever it is, it is no more than the file has */
                ck_assert_uint_eq(count, 2);
                ck_assert_uint_le(strlen(texts[0]), LONG_TEXT);
                free(texts);
            }
            ck_assert_int_eq(h5_close(f), LS_OK);
        }
    }
    ck_assert_int_lt(peak(RUSAGE_SELF) - before, 64 << 10);
    expect_good();
}
END_TEST

/* A chunk that is stored past its filter in fewer bytes than it stands for has HDF5 read beyond its memory. */
START_TEST(chunks_past_their_filter)
{
    const hsize_t n = 1000000;
    const hsize_t zero = 0;
    int32_t one = 0;
    unsigned char few[4000];
    h5_file *f = NULL;
    memset(few, 1, sizeof few);
    const hid_t id = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t space = H5Screate_simple(1, &n, NULL);
    ck_assert(H5Pset_chunk(creation, 1, &n) >= 0 && H5Pset_deflate(creation, 6) >= 0);
    const hid_t set = H5Dcreate2(id, "v", H5T_STD_I32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ck_assert(H5Dwrite_chunk(set, H5P_DEFAULT, 1, &zero, sizeof few, few) >= 0);
    (void)H5Dclose(set);
    (void)H5Sclose(space);
    (void)H5Pclose(creation);
    (void)H5Fclose(id);
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    ck_assert_int_eq(h5_read_slice(f, "v", H5_INT32, 0, 1, 1, &one), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "h5repack"));
    ck_assert_int_eq(h5_close(f), LS_OK);
}
END_TEST

/* The reader or the server among this process' descendants; 0 when there is none. */
static pid_t find_child(pid_t parent)
{
    pid_t found = 0;
    DIR *processes = opendir("/proc");
    if (processes == NULL) {
        return 0;
    }
    for (const struct dirent *e = readdir(processes); e != NULL; e = readdir(processes)) {
        char name[64];
        char line[256] = "";
        long above = 0;
        (void)snprintf(name, sizeof name, "/proc/%.20s/stat", e->d_name);
        FILE *f = fopen(name, "r");
        if (f == NULL) {
            continue;
        }
        (void)fgets(line, sizeof line, f);
        (void)fclose(f);
        const char *after = strrchr(line, ')');
        if (after != NULL && sscanf(after, ") %*c %ld", &above) == 1 && above == (long)parent) {
            found = (pid_t)atol(e->d_name);
        }
    }
    (void)closedir(processes);
    return found;
}

START_TEST(a_reader_may_be_killed)
{
    h5_file *f = NULL;
    int32_t numbers[300];
    make_file();
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    const pid_t server = find_child(getpid());
    if (server == 0) {
        (void)h5_close(f);
        return; /* no /proc here */
    }
    const pid_t reader = find_child(server);
    ck_assert_int_gt(reader, 0);
    ck_assert_int_eq(kill(reader, SIGKILL), 0);
    ck_assert_int_eq(h5_read(f, "g/numbers", H5_INT32, 300, numbers), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "reading it crashed"));
    ck_assert_int_eq(h5_exists(f, "g/numbers"), 0);
    ck_assert_int_eq(h5_check_reader(f), LS_EFORMAT);
    ck_assert_ptr_nonnull(strstr(error_message(), "reading it crashed"));
    ck_assert_int_eq(h5_close(f), LS_OK);
    expect_good();
    ck_assert_int_eq(kill(server, SIGKILL), 0);
    ck_assert_int_eq(waitpid(server, NULL, 0), server);
    expect_good();
}
END_TEST

START_TEST(a_reader_may_hang)
{
    h5_file *f = NULL;
    int32_t numbers[300];
    make_file();
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    const pid_t server = find_child(getpid());
    const pid_t reader = server > 0 ? find_child(server) : 0;
    if (reader > 0) {
        ck_assert_int_eq(kill(reader, SIGSTOP), 0);
        h5_set_patience(1);
        ck_assert_int_eq(h5_read(f, "g/numbers", H5_INT32, 300, numbers), LS_EFORMAT);
        ck_assert_ptr_nonnull(strstr(error_message(), "no sign of life for 1 seconds"));
        h5_set_patience(0);
        ck_assert_int_eq(kill(reader, SIGKILL), 0);
    }
    ck_assert_int_eq(h5_close(f), LS_OK);
    expect_good();
}
END_TEST

/* What a keyboard sends to all processes is not for the reader. */
START_TEST(requests_to_stop_leave_the_reader_alone)
{
    static const int requests[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
    h5_file *f = NULL;
    int32_t numbers[300];
    make_file();
    ck_assert_int_eq(h5_open_read(&f, path), LS_OK);
    const pid_t server = find_child(getpid());
    const pid_t reader = server > 0 ? find_child(server) : 0;
    for (size_t i = 0; reader > 0 && i < sizeof requests / sizeof requests[0]; i++) {
        ck_assert_int_eq(kill(reader, requests[i]), 0);
        ck_assert_int_eq(kill(server, requests[i]), 0);
    }
    ck_assert_msg(h5_read(f, "g/numbers", H5_INT32, 300, numbers) == LS_OK, "%s", error_message());
    ck_assert_int_eq(h5_close(f), LS_OK);
    expect_good();
}
END_TEST

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    TCase *tests = tcase_create("reader");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, any_byte_may_be_wrong);
    tcase_add_test(tests, any_address_may_be_wrong);
    tcase_add_test(tests, texts_that_lie_about_their_length);
    tcase_add_test(tests, chunks_past_their_filter);
    tcase_add_test(tests, a_reader_may_be_killed);
    tcase_add_test(tests, a_reader_may_hang);
    tcase_add_test(tests, requests_to_stop_leave_the_reader_alone);
    const int result = suite_run("reader", tests);
    (void)rmdir(folder);
    return result;
}
