# What blksh runs beside the drives of another machine. It came over the connection it answers on,
# lies in no file there, and needs nothing but python3 from 3.6 on. docs/remote.md has the protocol.
# No syntax newer than 3.4, so that an old python3 can say that it is too old.
import errno
import fcntl
import hashlib
import json
import mmap
import os
import queue
import stat
import struct
import sys
import threading
import time
import zlib

VERSION = 1

# Frames both ways: length of the payload, kind, channel, number of the request.
HEAD = struct.Struct("!IBII")

# What is asked.
OPEN, CLOSE, HASH, WANT, READ, EXTENTS, DRIVES, PING, SIZE = range(1, 10)
TEACH, CLAIM = 10, 11
# What is answered.
HELLO, OPENED, DIGESTS, PAGES, DATA, EXTENT, LISTED, ALIVE, FAILED, SIZED = range(65, 75)
TAUGHT, CLAIMED = 75, 76
# Asked of the connection: how fast it may be.
PACE = 19

PAGE = 4096
SEGMENT = 64 * PAGE
ZEROS = bytes(SEGMENT)
ZERO_PAGE = bytes(PAGE)
RAW, ZLIB, ZSTD = 0, 1, 2
# Bytes of drives that are held until it is said which of them are wanted, by all channels.
MOST_HELD = 64 << 20
MOST_REQUEST = 1 << 20
ALIVE_SECONDS = 1.5
# A peer that says nothing for so long is gone: it asks how we are every few seconds.
SILENCE_SECONDS = 300
# How long an agent that nobody hears any more has alone what it was writing: until it is gone on with by another, to
# which that is worth much, as nobody else can have written it meanwhile.
HELD_SECONDS = 330
GONE = (errno.ENXIO, errno.ENODEV, getattr(errno, "ENOMEDIUM", errno.ENODEV))
# What a read fails with when the medium does not give the bytes; anything else is no bad sector.
UNREADABLE = tuple(
    getattr(errno, name) for name in ("EIO", "ENODATA", "EREMOTEIO", "EILSEQ", "ETIMEDOUT") if hasattr(errno, name))
# What is written at once, when that may not be as fast as it goes; and what may be made up for.
PIECE = 16 << 10
SAVED_SECONDS = 0.25
LIST_SECONDS = 40
MOST_LISTED = 4000000

# <linux/fs.h>, <linux/loop.h>
BLKSSZGET = 0x1268
FS_IOC_GETVERSION = 2 << 30 | struct.calcsize("l") << 16 | ord("v") << 8 | 1
LOOP_GET_STATUS64 = 0x4C05

# What opens a target to be written, by the payload of a CLAIM. There is none before a TEACH has brought it
# (target.py): nothing can be written by an agent that only reads.
CLAIMING = []


class Output:
    """Frames to the peer, whole and one at a time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.last = time.monotonic()
        self.lost = False  # whether nobody reads it any more
        self.pace = 0.0  # seconds a byte has to take
        self.paid = 0.0  # when all that was written is paid for

    def send(self, kind, channel, number, payload=b""):
        """Returns the seconds it took."""
        data = HEAD.pack(len(payload), kind, channel, number) + payload
        with self.lock:
            began = time.monotonic()
            at = 0
            try:
                while at < len(data) and not self.lost:
                    at += self.write(data, at)
            except OSError:
                self.lost = True  # told to who watches
            self.last = time.monotonic()
            return self.last - began

    def write(self, data, at):
        if not self.pace:
            return os.write(1, data[at:at + 262144] if len(data) > 262144 else data[at:])
        now = time.monotonic()
        if self.paid > now:
            time.sleep(self.paid - now)
        count = os.write(1, data[at:at + PIECE])
        self.paid = max(self.paid, now - SAVED_SECONDS) + count * self.pace
        return count

    def fail(self, channel, number, code, text):
        self.send(FAILED, channel, number, struct.pack("!I", code) + text.encode("utf-8", "replace"))

    def alive(self, asked):
        if (asked or time.monotonic() - self.last >= ALIVE_SECONDS) and self.lock.acquire(False):
            self.lock.release()
            self.send(ALIVE, 0, 0)


class Zlib:
    """What every python3 has."""

    codec = ZLIB
    LEVELS = (1, 3, 6)

    def pack(self, raw, level):
        return zlib.compress(raw, level)

    def unpack(self, data, most):
        """At most that many bytes."""
        return zlib.decompressobj().decompress(data, most)


class Zstd:
    """zstd of the standard library, from python 3.14 on."""

    codec = ZSTD
    LEVELS = (1, 3, 6, 9, 12)

    def __init__(self):
        import compression.zstd
        self.zstd = compression.zstd

    def pack(self, raw, level):
        return self.zstd.compress(raw, level)

    def unpack(self, data, most):
        """At most that many bytes."""
        return self.zstd.ZstdDecompressor().decompress(data, most)


class LibraryZstd:
    """zstd of the system, by its library: dpkg, systemd and the tools of btrfs stand on it too."""

    codec = ZSTD
    LEVELS = Zstd.LEVELS
    # From 1.3 on what is called here is as it is now.
    OLDEST = 10300

    class Context:
        def __init__(self, library):
            self.library = library
            self.pointer = library.ZSTD_createCCtx()
            if not self.pointer:
                raise MemoryError()

        def __del__(self):
            if self.pointer:
                self.library.ZSTD_freeCCtx(self.pointer)

    def __init__(self):
        import ctypes
        self.room = ctypes.create_string_buffer
        self.library = ctypes.CDLL("libzstd.so.1")
        size, pointer, number = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int
        for name, result, arguments in (
                ("versionNumber", ctypes.c_uint, ()), ("isError", ctypes.c_uint, (size,)),
                ("compressBound", size, (size,)), ("createCCtx", pointer, ()), ("freeCCtx", size, (pointer,)),
                ("compressCCtx", size, (pointer, pointer, size, ctypes.c_char_p, size, number)),
                ("decompress", size, (pointer, size, ctypes.c_char_p, size))):
            function = getattr(self.library, "ZSTD_" + name)
            function.restype, function.argtypes = result, arguments
        if self.library.ZSTD_versionNumber() < self.OLDEST:
            raise Refused("libzstd is too old")
        self.own = threading.local()  # a context is used by one thread at a time

    def pack(self, raw, level):
        if not hasattr(self.own, "context"):
            self.own.context = self.Context(self.library)
        room = self.room(self.library.ZSTD_compressBound(len(raw)))
        count = self.library.ZSTD_compressCCtx(self.own.context.pointer, room, len(room), raw, len(raw), level)
        return self.taken(room, count)

    def unpack(self, data, most):
        """At most that many bytes."""
        room = self.room(max(1, most))
        return self.taken(room, self.library.ZSTD_decompress(room, most, data, len(data)))

    def taken(self, room, count):
        if self.library.ZSTD_isError(count):
            raise ValueError("zstd does not take it")
        return room[:count]


def best_coder():
    """zstd where this machine has it, and it works; else zlib."""
    trial = bytes(range(256)) * 64
    for kind in (Zstd, LibraryZstd):
        try:
            coder = kind()
            packed = coder.pack(trial, 3)
            if len(packed) < len(trial) and coder.unpack(packed, len(trial)) == trial:
                return coder
        except BaseException:  # whatever is wrong with it: another will do
            pass
    return Zlib()


# What bytes are packed with that are sent, once it is known what there is.
CODER = [Zlib()]


def unpacked(codec, data, length):
    """Bytes that came; others than were said when that is not what they are packed to."""
    if codec == RAW:
        return data
    for coder in (CODER[0], Zlib()):
        if coder.codec == codec:
            try:
                return coder.unpack(data, length + 1)
            except Exception:
                return b""
    return b""


class Levels:
    """Which level moves bytes fastest: by its measured speed and yield, and by the wire's speed."""

    # What the pipes and buffers on the way take at once, however slow the wire is.
    UNMEASURED = 4 << 20

    def __init__(self):
        self.all = (0,) + CODER[0].LEVELS
        self.cost = {}  # level: seconds a byte, share that is left
        self.wire = 8e-8  # seconds a byte
        self.turn = 0
        self.sent = 0

    def choose(self):
        self.turn += 1
        for level in self.all[1:]:
            if level not in self.cost:
                return level
        best = min(self.all, key=self.seconds)
        if self.turn % 48 == 0:  # what is moved changes, and so does the link
            near = self.all.index(best) + (1 if self.turn % 96 else -1)
            return self.all[max(1, min(near, len(self.all) - 1))]
        return best

    def seconds(self, level):
        work, share = self.cost.get(level, (0.0, 1.0))
        return max(work, share * self.wire) + 0.05 * min(work, share * self.wire)

    def learn(self, level, raw, sent, work, wait):
        if level:
            self.cost[level] = self.mean(self.cost.get(level), (work / raw, sent / raw))
        self.sent += sent
        if sent > 16384 and self.sent > self.UNMEASURED:
            self.wire = 0.9 * self.wire + 0.1 * wait / sent

    @staticmethod
    def mean(old, new):
        return new if old is None else tuple(0.8 * a + 0.2 * b for a, b in zip(old, new))


class Reader:
    """A drive or a file open for reading; for more only by who says so."""

    def __init__(self, path, flags=os.O_RDONLY):
        fd = os.open(path, flags | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            self.status = os.fstat(fd)
            kind = stat.S_IFMT(self.status.st_mode)
            if kind == stat.S_IFDIR:
                raise Refused("it is a directory, not a file or block device")
            if kind not in (stat.S_IFREG, stat.S_IFBLK):
                raise Refused("it is a pipe, a character device or a socket, not a file or block device")
            self.device = kind == stat.S_IFBLK
            self.size = os.lseek(fd, 0, os.SEEK_END)
            if self.device and self.size == 0:
                raise Refused("the device has no medium (its size is 0)")
        except BaseException:
            os.close(fd)
            raise
        self.fd = fd
        self.direct = -1
        self.room = None
        self.working = lambda: None  # told when bytes are tried one by one, which may take long
        self.lock = threading.Lock()
        self.sector = 512
        if self.device:
            self.direct = self.opened_directly()
            self.sector = self.logical_sector()

    def opened_directly(self):
        """Another descriptor of what is open, past the page cache; -1 where that is not to be had."""
        try:
            direct = os.open("/proc/self/fd/%d" % self.fd, os.O_RDONLY | os.O_DIRECT | os.O_NONBLOCK)
        except (OSError, AttributeError):
            return -1
        if os.fstat(direct).st_rdev != self.status.st_rdev:
            os.close(direct)
            return -1
        return direct

    def logical_sector(self):
        found = self.number_of(BLKSSZGET, 4)
        right = found and 512 <= found <= 65536 and not found & (found - 1)
        return found if right else 512

    def number_of(self, request, length):
        """What an ioctl(2) tells as a number; None where it does not."""
        try:
            return int.from_bytes(fcntl.ioctl(self.fd, request, bytes(8))[:length], sys.byteorder)
        except OSError:
            return None

    def sys(self):
        number = self.status.st_rdev
        return "/sys/dev/block/%d:%d" % (os.major(number), os.minor(number))

    def facts(self):
        """What the drive is known by, to tell it from another; empty texts where nothing is known."""
        status = self.status
        facts = {"kind": "device" if self.device else "file", "size": self.size, "sector": self.sector}
        facts["boot"] = text("/proc/sys/kernel/random/boot_id")
        if self.device:
            self.add_device(facts)
        else:
            facts["number"] = "%d:%d" % (status.st_dev, status.st_ino)
            generation = self.number_of(FS_IOC_GETVERSION, 4)
            facts["generation"] = "" if generation is None else str(generation)
            facts["changed"] = str(status.st_ctime_ns)
        facts["written"] = ",".join("%d:%d" % each for each in self.written())
        return facts

    def add_device(self, facts):
        for base in (self.sys(), self.sys() + "/.."):
            for name in ("model", "serial", "wwid"):
                facts[name] = facts.get(name) or text(base + "/device/" + name) or (
                    "" if name == "model" else text(base + "/" + name))
            for name in ("diskseq", "removable"):
                facts[name] = facts.get(name) or text(base + "/" + name)
        facts["name"] = os.path.basename(os.path.realpath(self.sys()))
        facts["number"] = "%d:%d" % (os.major(self.status.st_rdev), os.minor(self.status.st_rdev))
        facts["start"] = text(self.sys() + "/start")
        facts["dm"] = text(self.sys() + "/dm/uuid")
        facts["md"] = text(self.sys() + "/md/uuid")
        facts["backing"] = text(self.sys() + "/loop/backing_file")
        try:  # a number that is another when the device was taken out and came again
            facts["node"] = str(os.stat(self.sys() + "/").st_ino)
        except OSError:
            facts["node"] = ""
        if facts["backing"]:
            try:
                facts["inode"] = "%d:%d" % struct.unpack(
                    "QQ", fcntl.ioctl(self.fd, LOOP_GET_STATUS64, bytes(232))[:16])
            except OSError:
                facts["inode"] = ""

    def written(self):
        """Ranges that change under our hands: mounted for writing, swapped to, part of something."""
        whole = (0, self.size)
        try:
            used = Uses()
            if not self.device:
                same = (self.status.st_dev, self.status.st_ino)
                return [whole] if same in used.files else []
            base = os.path.realpath(self.sys())
            found = [whole] if used.has(base) else []
            for name in os.listdir(base):
                part = base + "/" + name
                if os.path.exists(part + "/partition") and used.has(part):
                    found.append((int(text(part + "/start")) * 512, int(text(part + "/size")) * 512))
            return found
        except (OSError, ValueError):
            return [whole]

    def read(self, position, length):
        """The bytes, zeros where they cannot be read, and those ranges: (offset, length), in order."""
        parts = []
        bad = []
        at = position
        end = position + length
        while at < end:
            try:
                part = os.pread(self.fd, end - at, at)
            except OSError as failure:
                if failure.errno in UNREADABLE:
                    at = self.salvage(at, end, position, parts, bad)
                    continue
                if failure.errno not in GONE:
                    raise
                part = b""
            if not part:
                bad.append((at - position, end - at))
                part = bytes(end - at)
            parts.append(part)
            at += len(part)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        return data, joined(bad)

    def salvage(self, at, end, position, parts, bad):
        """What follows an unreadable byte: by sectors, and twice as much after each that was read."""
        wanted = self.sector
        while at < end:
            alone = self.sector - at % self.sector
            count = min(end - at, wanted - self.sector + alone)
            data = self.exactly(at, count)
            self.working()
            if data is not None:
                parts.append(data)
                at += count
                wanted *= 2
                if wanted > 16 * self.sector:
                    return at
            elif count > alone:
                wanted = self.sector
            else:
                parts.append(bytes(count))
                bad.append((at - position, count))
                at += count
        return at

    def exactly(self, at, count):
        """The bytes, or None when the medium does not give them."""
        # The page cache reads more than the sector, and fails with it.
        if self.direct >= 0 and not (at % self.sector or count % self.sector) and count <= SEGMENT:
            try:
                return self.directly(at, count)
            except (OSError, ValueError, AttributeError):
                pass  # it does not take such a request
        try:
            data = os.pread(self.fd, count, at)
            return data if len(data) == count else None
        except OSError as failure:
            if failure.errno in UNREADABLE or failure.errno in GONE:
                return None
            raise

    def directly(self, at, count):
        with self.lock:
            if self.room is None:
                self.room = mmap.mmap(-1, SEGMENT)
            try:
                room = memoryview(self.room)[:count]
                if hasattr(os, "preadv"):  # from 3.7 on
                    got = os.preadv(self.direct, [room], at)
                else:  # nobody else has this descriptor
                    os.lseek(self.direct, at, os.SEEK_SET)
                    got = os.readv(self.direct, [room])
                return self.room[:count] if got == count else None
            except OSError as failure:
                if failure.errno in UNREADABLE:
                    return None
                raise

    def now(self):
        """Its size by now."""
        with self.lock:
            return os.lseek(self.fd, 0, os.SEEK_END)

    def extents(self, position, end, most):
        """Ranges of data and of holes, in order: (length, whether it is a hole)."""
        found = []
        at = position
        while at < end and len(found) < most:
            data = self.seek(at, getattr(os, "SEEK_DATA", 3), end)
            if data > at:
                found.append((min(data, end) - at, 1))
                at = data
                continue
            hole = self.seek(at, getattr(os, "SEEK_HOLE", 4), end)
            to = min(end, hole if hole > at else end)
            found.append((to - at, 0))
            at = to
        return found

    def seek(self, at, what, end):
        if self.device:
            return at if what == getattr(os, "SEEK_DATA", 3) else end
        with self.lock:
            try:
                return os.lseek(self.fd, at, what)
            except OSError as failure:
                if failure.errno == errno.ENXIO and what == getattr(os, "SEEK_DATA", 3):
                    # A hole to the end; what was cut off is no hole, and fails to read.
                    now = os.fstat(self.fd).st_size
                    return end if now >= self.size else max(at, now)
                return at if what == getattr(os, "SEEK_DATA", 3) else end

    def close(self):
        os.close(self.fd)
        if self.direct >= 0:
            os.close(self.direct)


class Refused(Exception):
    pass


class Uses:
    """Who uses devices and files, by the tables of the kernel; what is not sure counts as used."""

    def __init__(self):
        self.numbers = set()
        self.files = set()
        spaces = set()
        for process in ["self"] + [name for name in os.listdir("/proc") if name.isdigit()]:
            try:
                space = os.readlink("/proc/" + process + "/ns/mnt")
            except OSError:
                continue
            if space not in spaces:
                spaces.add(space)
                self.add_mounts("/proc/" + process + "/mountinfo")
        for line in lines("/proc/swaps")[1:]:
            self.add(line.split()[0].replace(b"\\040", b" "))
        for name in os.listdir("/sys/class/block"):
            backing = text("/sys/class/block/" + name + "/loop/backing_file")
            if backing:
                self.add(os.fsencode(backing))

    def add_mounts(self, path):
        for line in lines(path):
            before, dash, after = line.partition(b" - ")
            words = after.split()
            if len(words) >= 3 and b"rw" in words[2].split(b","):
                self.numbers.add(before.split()[2].decode())
                if words[1].startswith(b"/"):
                    self.add(words[1])

    def add(self, path):
        try:
            status = os.stat(path)
        except OSError:
            return
        if stat.S_ISBLK(status.st_mode):
            self.numbers.add("%d:%d" % (os.major(status.st_rdev), os.minor(status.st_rdev)))
        elif stat.S_ISREG(status.st_mode):
            self.files.add((status.st_dev, status.st_ino))

    def has(self, sys):
        try:
            if os.listdir(sys + "/holders"):
                return True
        except OSError:
            pass
        name = os.path.basename(sys)
        if any(os.path.exists(each + "/" + name) for each in btrfs_volumes()):
            return True
        return text(sys + "/dev") in self.numbers


def btrfs_volumes():
    try:
        return ["/sys/fs/btrfs/" + name + "/devices" for name in os.listdir("/sys/fs/btrfs")]
    except OSError:
        return []


def lines(path):
    try:
        with open(path, "rb") as file:
            return file.read().split(b"\n")[:-1]
    except OSError:
        return []


def text(path):
    try:
        with open(path, "rb") as file:
            return file.read(4096).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def joined(ranges):
    all = []
    for at, length in ranges:
        if all and all[-1][0] + all[-1][1] == at:
            all[-1] = (all[-1][0], all[-1][1] + length)
        else:
            all.append((at, length))
    return all


def packed(ranges):
    return struct.pack("!I", len(ranges)) + b"".join(struct.pack("!II", *each) for each in ranges)


class Channel:
    """One open drive, and the threads that work on it."""

    holds = False  # whether it has what is gone on with after a cut
    held = 0
    room = threading.Condition()

    def __init__(self, output, number, reader):
        self.output = output
        self.number = number
        self.reader = reader
        reader.working = self.working
        self.worked = 0
        self.levels = Levels()
        self.segments = {}
        self.closed = False
        self.lock = threading.Lock()
        self.users = 1  # who closes it, and its threads
        self.hashing = queue.Queue()
        self.packing = queue.Queue()
        self.reading = queue.Queue()
        self.threads = []

    def put(self, jobs, work, job):
        if jobs not in self.threads:
            self.threads.append(jobs)
            with self.lock:
                self.users += 1
            start(lambda: self.serve(jobs))
        jobs.put((work, job))

    def leave(self):
        """The last one closes the drive: a number that is closed earlier may be another's by then."""
        with self.lock:
            self.users -= 1
            last = self.users == 0
        if last:
            self.reader.close()

    def serve(self, jobs):
        try:
            self.work(jobs)
        finally:
            self.leave()

    def work(self, jobs):
        while True:
            work, job = jobs.get()
            if work is None or self.closed:
                return
            try:
                work(*job)
            except MemoryError:
                self.output.fail(self.number, job[0], errno.ENOMEM, "no memory is left there")
            except OSError as failure:
                self.output.fail(self.number, job[0], failure.errno or 0, str(failure.strerror))
            except BaseException as failure:  # nobody waits for a thread that is gone
                os.write(2, ("agent: " + repr(failure) + "\n").encode("utf-8", "replace"))
                os._exit(70)

    def ask(self, kind, number, payload):
        if kind == HASH:
            position, length = struct.unpack("!QI", payload)
            self.put(self.hashing, self.digest, (number, position, min(length, SEGMENT)))
        elif kind == WANT:
            self.put(self.packing, self.pack, (number, payload))
        elif kind == READ:
            position, length = struct.unpack("!QI", payload)
            self.put(self.reading, self.read, (number, position, min(length, MOST_REQUEST)))
        elif kind == EXTENTS:
            position, end, most = struct.unpack("!QQI", payload)
            self.put(self.reading, self.extents, (number, position, end, min(most, 4096)))
        elif kind == SIZE:
            self.put(self.reading, self.size, (number,))
        else:
            self.output.fail(self.number, number, errno.EBADF, "it is open for reading, and for nothing else")

    def working(self):
        """Says that this drive is slow, not stuck."""
        if time.monotonic() - self.worked > ALIVE_SECONDS:
            self.worked = time.monotonic()
            self.output.send(ALIVE, self.number, 0)

    def hold(self, bytes):
        with Channel.room:
            while Channel.held + bytes > MOST_HELD and Channel.held > 0 and not self.closed:
                Channel.room.wait(1)
            Channel.held += bytes

    @staticmethod
    def release(bytes):
        with Channel.room:
            Channel.held -= bytes
            Channel.room.notify_all()

    def digest(self, number, position, length):
        self.hold(length)
        kept = False
        try:
            data, bad = self.reader.read(position, length)
            told, zeros = self.told(data)
            if not zeros:
                self.segments[number] = data
                kept = True
        finally:
            if not kept:
                self.release(length)
        if self.closed and self.segments.pop(number, None) is not None:
            self.release(length)
        self.output.send(DIGESTS, self.number, number, told + packed(bad))

    @staticmethod
    def told(data):
        """What is told of pages: kinds and digests; and whether all are zeros."""
        pages = (len(data) + PAGE - 1) // PAGE
        if data == ZEROS[:len(data)]:
            return b"\1" * pages, True
        kinds = bytearray(pages)
        digests = []
        sha = hashlib.sha256
        for i in range(pages):
            page = data[i * PAGE:(i + 1) * PAGE]
            if page == ZERO_PAGE or (len(page) < PAGE and page == ZERO_PAGE[:len(page)]):
                kinds[i] = 1
            else:
                digests.append(sha(page).digest())
        return bytes(kinds) + b"".join(digests), False

    def pack(self, number, wanted):
        data = self.segments.pop(number, None)
        if data is None:
            return
        try:
            pages = (len(data) + PAGE - 1) // PAGE
            some = [i for i in range(pages) if wanted[i // 8] >> i % 8 & 1]
            if some:
                self.send_pages(number, len(wanted), some, b"".join(data[i * PAGE:(i + 1) * PAGE] for i in some))
        finally:
            self.release(len(data))

    def send_pages(self, number, width, pages, raw):
        mask = bytearray(width)
        for i in pages:
            mask[i // 8] |= 1 << i % 8
        level = self.levels.choose()
        began = time.thread_time() if hasattr(time, "thread_time") else time.monotonic()
        codec, sent = squeezed(raw, level)
        ended = time.thread_time() if hasattr(time, "thread_time") else time.monotonic()
        wait = self.output.send(PAGES, self.number, number, struct.pack("!B", codec) + bytes(mask) + sent)
        self.levels.learn(level, len(raw), len(sent), ended - began, wait)

    def read(self, number, position, length):
        length = max(0, min(length, self.reader.size - position))
        data, bad = self.reader.read(position, length) if length else (b"", [])
        codec, sent = squeezed(data, 1)
        head = struct.pack("!BI", codec, len(data))
        self.output.send(DATA, self.number, number, head + packed(bad) + sent)

    def extents(self, number, position, end, most):
        found = self.reader.extents(position, min(end, self.reader.size), most)
        self.output.send(EXTENT, self.number, number, b"".join(struct.pack("!QB", *each) for each in found))

    def size(self, number):
        self.output.send(SIZED, self.number, number, struct.pack("!Q", self.reader.now()))

    def close(self):
        self.closed = True
        for jobs in (self.hashing, self.packing, self.reading):
            jobs.put((None, None))
        for number in list(self.segments):
            data = self.segments.pop(number, None)
            if data is not None:
                self.release(len(data))
        self.leave()


def squeezed(raw, level):
    """How it is packed, and that; as it is where nothing is saved."""
    if level and len(raw) >= 64:
        less = CODER[0].pack(raw, level)
        if len(less) < len(raw):
            return CODER[0].codec, less
    return RAW, raw


def start(work):
    thread = threading.Thread(target=work)
    thread.daemon = True
    thread.start()


def output_of(until, *command):
    """What a program writes; nothing when it does not end in time."""
    import subprocess
    try:
        environment = dict(os.environ, LC_ALL="C", PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin")
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    except OSError:
        return ""
    try:
        said = process.communicate(timeout=max(0.1, until - time.monotonic()))[0]
        return said.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        process.kill()  # and nobody waits for it: a drive may hang it
        return ""


COLUMNS = (
    "blockdevices children name kname path type model serial size log-sec phy-sec rota rm hotplug ro tran fstype label"
    " partlabel uuid pttype mountpoint mountpoints").split()


def columns(listed):
    """Those that are wanted of what lsblk(8) lists."""
    if isinstance(listed, dict):
        return dict((name, columns(value)) for name, value in listed.items() if name in COLUMNS)
    return [columns(each) for each in listed] if isinstance(listed, list) else listed


def tell_drives(output, number):
    try:
        told = json.dumps(drives()).encode()
        if len(told) > MOST_LISTED:
            raise Refused("there are too many drives to list")
        output.send(LISTED, 0, number, told)
    except BaseException as failure:
        output.fail(0, number, 0, str(failure) or repr(failure))


def drives():
    """What lsblk(8) says, and what it leaves out."""
    names = {}
    try:
        all = os.listdir("/sys/class/block")
    except OSError:
        all = []
    for name in all:
        base = "/sys/class/block/" + name + "/"
        facts = {}
        for path in ("device/model", "device/serial", "start", "loop/backing_file"):
            found = text(base + path)
            if found:
                facts[path] = found
        if facts:
            names[name] = facts
    until = time.monotonic() + LIST_SECONDS
    listed = output_of(until, "lsblk", "--json", "--bytes", "--output-all")
    try:
        listed = json.dumps(columns(json.loads(listed)))
    except ValueError:
        pass  # told by who reads it
    probes = {}
    if not os.path.exists("/run/udev/data"):  # nobody else has looked at what is on them
        for name in all:
            path = "/dev/" + name.replace("!", "/")
            if text("/sys/class/block/" + name + "/size") not in ("", "0") and os.path.exists(path):
                probes[path] = output_of(until, "blkid", "-p", "-o", "export", path)
    return {"lsblk": listed, "sys": names, "blkid": probes}


class Drives:
    """The open drives by their channels. A drive that hangs when it is opened stops no other."""

    def __init__(self, output):
        self.output = output
        self.lock = threading.Lock()
        self.channels = {}
        self.opening = {}  # channel: number of the request

    def open(self, channel, number, path):
        self.begin(channel, number, OPENED, Channel, lambda: Reader(path))

    def claim(self, channel, number, payload):
        if not CLAIMING:
            self.output.fail(channel, number, errno.EPERM, "this agent only reads")
            return
        work, claimed = CLAIMING[0]
        tell = lambda: self.output.send(ALIVE, channel, 0)
        self.begin(channel, number, CLAIMED, work, lambda: claimed(self, payload, tell))

    def begin(self, channel, number, answer, work, opened):
        self.close(channel)
        with self.lock:
            self.opening[channel] = number
        start(lambda: self.open_here(channel, number, answer, work, opened))

    def readers(self):
        with self.lock:
            return [channel.reader for channel in self.channels.values()]

    def open_here(self, channel, number, answer, work, opened):
        reader = None
        try:
            reader = opened()
            facts = json.dumps(reader.facts()).encode()
            with self.lock:
                if self.opening.get(channel) != number:
                    return  # it was closed meanwhile
                del self.opening[channel]
                self.channels[channel] = work(self.output, channel, reader)
                reader = None
            self.output.send(answer, channel, number, facts)
        except OSError as failure:
            self.output.fail(channel, number, failure.errno or 0, str(failure.strerror))
        except BaseException as failure:
            self.output.fail(channel, number, 0, str(failure) or repr(failure))
        finally:
            if reader is not None:
                reader.close()

    def holding(self):
        """Those that have what is gone on with after a cut."""
        with self.lock:
            return [channel for channel in self.channels.values() if channel.holds]

    def close(self, channel):
        with self.lock:
            self.opening.pop(channel, None)
            opened = self.channels.pop(channel, None)
        if opened:
            opened.close()

    def ask(self, kind, channel, number, payload):
        with self.lock:
            opened = self.channels.get(channel)
        if opened:
            opened.ask(kind, number, payload)


def teach(output, number, source):
    """Takes in more of this program, which came the way the rest of it did."""
    try:
        if not CLAIMING:
            exec(compile(source, "target", "exec"), globals())
        output.send(TAUGHT, 0, number)
    except BaseException as failure:
        output.fail(0, number, 0, str(failure) or repr(failure))


def end(drives, code):
    """Ends, as nobody hears it any more. What is being written is held for whoever comes back for it, for a while."""
    holding = drives.holding()
    if holding:
        try:
            holding[0].hold_on()
        except OSError:
            pass  # then another cannot tell that nobody hears it
    until = time.monotonic() + HELD_SECONDS
    while drives.holding() and time.monotonic() < until:
        time.sleep(0.5)
    os._exit(code)


def run(source):
    """Answers what the peer asks until it says no more."""
    output = Output()
    opened = Drives(output)
    heard = [time.monotonic()]
    asked = [False]

    def watch():
        while True:
            time.sleep(ALIVE_SECONDS / 3)
            output.alive(asked[0])
            asked[0] = False
            if output.lost or time.monotonic() - heard[0] > SILENCE_SECONDS:
                output.lost = True
                end(opened, 0)

    start(watch)
    CODER[0] = best_coder()
    known = {"version": VERSION, "python": sys.version.split()[0], "zstd": int(CODER[0].codec == ZSTD)}
    output.send(HELLO, 0, 0, json.dumps(known).encode())
    while True:
        head = source.read(HEAD.size)
        if len(head) < HEAD.size:
            break
        size, kind, channel, number = HEAD.unpack(head)
        if size > MOST_REQUEST:
            break
        payload = source.read(size)
        if len(payload) < size or output.lost:
            break
        heard[0] = time.monotonic()
        if kind == OPEN:
            opened.open(channel, number, payload)
        elif kind == CLOSE:
            opened.close(channel)
        elif kind == PACE:
            output.pace = 1.0 / max(1, struct.unpack("!Q", payload)[0])
        elif kind == TEACH:
            teach(output, number, payload)
        elif kind == CLAIM:
            opened.claim(channel, number, payload)
        elif kind == DRIVES:
            start(lambda number=number: tell_drives(output, number))
        elif kind == PING:
            asked[0] = True  # answered by who watches: who reads never waits for the peer to read
        else:
            opened.ask(kind, channel, number, payload)
    output.lost = True
    end(opened, 0)


def main():
    if sys.version_info < (3, 6):
        os.write(2, b"blksh: python3 is older than 3.6\n")
        os._exit(64)
    threading.stack_size(256 * 1024)
    run(sys.stdin.buffer)


main()
