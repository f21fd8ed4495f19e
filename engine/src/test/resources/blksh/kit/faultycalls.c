/*
 * Makes the calls that a process makes on the files below a folder go wrong: built as a library and
 * loaded before the system's. The process says when, in a file that both have mapped; its layout is
 * that of FaultyCalls.java, which writes it.
 *
 * A write that goes wrong has written its first half, in whole sectors. A sync that goes wrong has dropped all that was
 * written since the one before, as the kernel does with what a disk did not take.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct control {
  volatile int32_t error;   /* 0: nothing goes wrong */
  volatile int32_t lasting; /* whether every call after it goes wrong too */
  volatile int64_t left;    /* calls that still go well */
  volatile int32_t struck;  /* how many went wrong */
  int32_t unused;
  char call[40];
  char folder[448];
  char path[512];
};

enum { MAKES = 1, CHANGES = 2, OPENS = 4, LOOKS = 8, SECTOR = 512 };

static struct control *control;

/* What was written and may be dropped, the newest first. */
struct written {
  struct written *next;
  dev_t device;
  ino_t inode;
  off_t size; /* of the file before */
  off_t position;
  size_t count;
  char bytes[];
};

static struct written *unsynced;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("BLKSH_FAULTS");
  int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file >= 0) {
    void *at = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    control = at == MAP_FAILED ? NULL : at;
    close(file);
  }
}

static void *next(const char *name) {
  return dlsym(RTLD_NEXT, name);
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = next(#name)

static int inside(const char *path) {
  size_t length = strlen(control->folder);
  return strncmp(path, control->folder, length) == 0 && (path[length] == '/' || !path[length]);
}

/* Whether a call meets such an error. */
static int may(int kind, int error) {
  switch (error) {
    case ENOSPC: return kind & MAKES;
    case EROFS: return kind & CHANGES;
    case EMFILE: return kind & OPENS;
    default: return 1;
  }
}

static int strikes(const char *call, int kind, const char *path) {
  int error = control ? control->error : 0;
  if (!error || !may(kind, error) || !inside(path)) {
    return 0;
  }
  int64_t left = __atomic_fetch_sub(&control->left, 1, __ATOMIC_SEQ_CST);
  if (left > 0 || (left < 0 && !control->lasting)) {
    return 0;
  }
  if (left == 0) {
    snprintf(control->call, sizeof control->call, "%s", call);
    snprintf(control->path, sizeof control->path, "%s", path);
  }
  __atomic_fetch_add(&control->struck, 1, __ATOMIC_SEQ_CST);
  errno = error;
  return 1;
}

static int strikesAt(const char *call, int kind, int descriptor) {
  char link[40], path[512];
  if (!control || !control->error) {
    return 0;
  }
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) {
    return 0;
  }
  path[length] = 0;
  int before = errno;
  int struck = strikes(call, kind, path);
  if (!struck) errno = before;
  return struck;
}

/* ---- what a failed sync drops ------------------------------------------------------------------ */

static void note(int descriptor, off_t position, size_t count) {
  struct stat file;
  if (!control || !control->error || fstat(descriptor, &file) || !S_ISREG(file.st_mode)) {
    return;
  }
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  int reading = open(link, O_RDONLY | O_CLOEXEC);
  struct written *one = malloc(sizeof *one + count);
  one->device = file.st_dev;
  one->inode = file.st_ino;
  one->size = file.st_size;
  one->position = position < 0 ? file.st_size : position;
  ssize_t had = reading < 0 ? 0 : syscall(SYS_pread64, reading, one->bytes, count, one->position);
  one->count = had < 0 ? 0 : had;
  if (reading >= 0) close(reading);
  pthread_mutex_lock(&mutex);
  one->next = unsynced;
  unsynced = one;
  pthread_mutex_unlock(&mutex);
}

static void settle(int descriptor, int drop) {
  struct stat file;
  if (!unsynced || fstat(descriptor, &file)) {
    return;
  }
  int before = errno;
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  int writing = drop ? open(link, O_WRONLY | O_CLOEXEC) : -1;
  pthread_mutex_lock(&mutex);
  for (struct written **at = &unsynced; *at;) {
    struct written *one = *at;
    if (one->device != file.st_dev || one->inode != file.st_ino) {
      at = &one->next;
      continue;
    }
    if (writing >= 0) {
      syscall(SYS_pwrite64, writing, one->bytes, one->count, one->position);
      syscall(SYS_ftruncate, writing, one->size);
    }
    *at = one->next;
    free(one);
  }
  pthread_mutex_unlock(&mutex);
  if (writing >= 0) close(writing);
  errno = before;
}

/* ---- the calls --------------------------------------------------------------------------------- */

static int openKind(const char *path, int flags) {
  int kind = OPENS;
  if (flags & O_CREAT && access(path, F_OK)) kind |= MAKES | CHANGES;
  if ((flags & O_ACCMODE) != O_RDONLY) kind |= CHANGES;
  return kind;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    static int (*real)(const char *, int, ...); \
    if (!real) real = next(#name); \
    va_list more; \
    va_start(more, flags); \
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, int) : 0; \
    va_end(more); \
    if (control && control->error && strikes("open", openKind(path, flags), path)) return -1; \
    return real(path, flags, mode); \
  }

OPEN(open)
OPEN(open64)

DIR *opendir(const char *path) {
  REAL(opendir);
  return strikes("opendir", OPENS, path) ? NULL : real(path);
}

#define BY_PATH(call, kind) \
  int call(const char *path) { \
    REAL(call); \
    return strikes(#call, kind, path) ? -1 : real(path); \
  }

BY_PATH(unlink, CHANGES)
BY_PATH(rmdir, CHANGES)

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  return strikes("mkdir", MAKES | CHANGES, path) ? -1 : real(path, mode);
}

int chmod(const char *path, mode_t mode) {
  REAL(chmod);
  return strikes("chmod", CHANGES, path) ? -1 : real(path, mode);
}

#define TO(call) \
  int call(const char *from, const char *to) { \
    REAL(call); \
    return strikes(#call, MAKES | CHANGES, to) ? -1 : real(from, to); \
  }

TO(rename)
TO(link)

#define STAT(call, type) \
  int call(const char *path, struct type *found) { \
    REAL(call); \
    return strikes(#call, LOOKS, path) ? -1 : real(path, found); \
  }

STAT(stat, stat)
STAT(lstat, stat)
STAT(stat64, stat64)
STAT(lstat64, stat64)

ssize_t read(int file, void *to, size_t count) {
  REAL(read);
  return strikesAt("read", LOOKS, file) ? -1 : real(file, to, count);
}

#define PREAD(call, offset) \
  ssize_t call(int file, void *to, size_t count, offset position) { \
    REAL(call); \
    return strikesAt(#call, LOOKS, file) ? -1 : real(file, to, count, position); \
  }

PREAD(pread, off_t)
PREAD(pread64, off64_t)

/* What is written of a write that goes wrong: whole sectors. */
static size_t half(off64_t position, size_t count) {
  off64_t end = (position + (off64_t)count / 2) / SECTOR * SECTOR;
  return end > position ? end - position : 0;
}

ssize_t write(int file, const void *from, size_t count) {
  REAL(write);
  if (!control || !control->error) return real(file, from, count);
  note(file, -1, count);
  if (!strikesAt("write", MAKES | CHANGES, file)) return real(file, from, count);
  int error = errno;
  real(file, from, half(lseek64(file, 0, SEEK_CUR), count));
  errno = error;
  return -1;
}

#define PWRITE(call, offset) \
  ssize_t call(int file, const void *from, size_t count, offset position) { \
    REAL(call); \
    if (!control || !control->error) return real(file, from, count, position); \
    note(file, position, count); \
    if (!strikesAt(#call, MAKES | CHANGES, file)) return real(file, from, count, position); \
    int error = errno; \
    real(file, from, half(position, count), position); \
    errno = error; \
    return -1; \
  }

PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define SYNC(call) \
  int call(int file) { \
    REAL(call); \
    int struck = strikesAt(#call, MAKES | CHANGES, file); \
    settle(file, struck); \
    return struck ? -1 : real(file); \
  }

SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(call, offset) \
  int call(int file, offset size) { \
    REAL(call); \
    return strikesAt(#call, CHANGES, file) ? -1 : real(file, size); \
  }

TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)
