// Kills the process before its n-th change of the file system below a directory, as SIGKILL does: nothing is flushed or closed.
// Loaded by LD_PRELOAD; KILL_ROOT names the directory, KILL_AT the change (from 1), KILL_COUNT a file that gets the count at the end.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long changes;

static int below(const char *path) {
    const char *root = getenv("KILL_ROOT");
    if (!root || !path) return 0;
    if (path[0] == '/') return strncmp(path, root, strlen(root)) == 0;
    char here[PATH_MAX];
    return getcwd(here, sizeof here) && strncmp(here, root, strlen(root)) == 0;
}

static void change(const char *path) {
    if (!below(path)) return;
    long now = atomic_fetch_add(&changes, 1) + 1;
    const char *at = getenv("KILL_AT");
    if (at && now == atol(at)) kill(getpid(), SIGKILL);
}

static void change_of(int file) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0 || path[0] != '/') return;
    path[length] = 0;
    change(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int mkdir(const char *path, mode_t mode) { change(path); return REAL(mkdir)(path, mode); }
int rmdir(const char *path) { change(path); return REAL(rmdir)(path); }
int unlink(const char *path) { change(path); return REAL(unlink)(path); }
int rename(const char *from, const char *to) { change(to); return REAL(rename)(from, to); }
int link(const char *from, const char *to) { change(to); return REAL(link)(from, to); }
int ftruncate(int file, off_t length) { change_of(file); return REAL(ftruncate)(file, length); }
int ftruncate64(int file, off64_t length) { change_of(file); return REAL(ftruncate64)(file, length); }
ssize_t write(int file, const void *bytes, size_t count) { change_of(file); return REAL(write)(file, bytes, count); }
ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) { change_of(file); return REAL(pwrite)(file, bytes, count, at); }
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) { change_of(file); return REAL(pwrite64)(file, bytes, count, at); }
ssize_t pwritev(int file, const struct iovec *parts, int count, off_t at) { change_of(file); return REAL(pwritev)(file, parts, count, at); }
ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t at) { change_of(file); return REAL(pwritev64)(file, parts, count, at); }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        if (flags & O_CREAT && access(path, F_OK) != 0) change(path); \
        return REAL(name)(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("KILL_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&changes));
    fclose(file);
}
