# What blksh runs beside a drive that it writes to. An agent (agent.py) is taught it over its connection, and only
# when something is to be written there. The rules are those for targets of this machine: docs/drives.md.
import re

# What is asked of a target.
WRITE, KEEP, ZERO, FINISH, DROP, HASH_OLD, FLUSH = range(12, 19)
# What is answered.
WROTE, FINISHED, DROPPED = range(77, 80)

# Flags of a CLAIM.
OVERWRITE, IN_PLACE, DRY, AGAIN = 1, 2, 4, 8
CLAIM_HEAD = struct.Struct("!BQH")

# What agents that write are called, for those after them.
MARK = b"blksh"

# Programs that only look at a drive, such as those of udev, have it alone for an instant.
PAUSE_SECONDS = 0.05
TRIES = 10
# What had it before the connection was cut is ended first, and has it until its bytes are on the medium.
ENDING_SECONDS = 900
# One in between may have claimed it, that does not know yet that it is cut off (SILENCE_SECONDS).
AGAIN_SECONDS = 330
# How often it is looked by whom it is used meanwhile.
LOOK_SECONDS = 2
# Bytes that are written and not on the medium: from the first on they are brought there, and no more than the last.
FLUSHED_DIRT = 64 << 20
MOST_DIRT = 256 << 20
# How long bringing them there is told to be work: a drive may hang in it.
FLUSH_SECONDS = 1200
# <linux/fcntl.h>: locks of what is open, which no other opening of the file in this process takes away
F_OFD_SETLK = 37
LOCKED = (errno.EAGAIN, errno.EACCES)
ZERO_PIECE = 1 << 20
# <linux/fs.h>; from how many bytes on it is worth asking the drive for
BLKZEROOUT = 0x127F
LEAST_ZEROOUT = 64 << 10
# <fcntl.h>, as for most machines
O_PATH = 0o10000000
UNMOUNT = "unmount it first"
SET_IDS = 0o6000
MODE = 0o7777

# Parts by their names, and files by their numbers, that this process writes: where locks are those of a process they
# do not tell them.
WRITTEN = set()
WRITTEN_LOCK = threading.Lock()
# Agents that this one has ended, (process, when it was started), and whether they lived until then: one has all targets
# of a connection.
ENDED = {}
OVERWRITE_REMEDY = "to write over it, say overwrite = true (--overwrite)"
MADE_MEANWHILE = "it was made meanwhile"
BEING_WRITTEN = "it is being written by another restore or conversion"
HAD_BY_OTHERS = "somebody else had it after the connection was cut"
BEGUN_BY_OTHERS = "another restore or conversion has begun to write it"


class Unfit(Exception):
    """Why something is not written: the problem, what to do, which drive it is."""

    def __init__(self, problem, remedy="", title=""):
        lines = (problem, remedy, title)
        Exception.__init__(self, "\n".join(line.replace("\n", "\\n") for line in lines))


def shown(path):
    return os.fsdecode(path).encode("utf-8", "replace").decode("utf-8")


def number_text(number):
    return "%d:%d" % (os.major(number), os.minor(number))


def device_number(path):
    """The number of the block device a path leads to; empty for anything else."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ""
    return number_text(status.st_rdev) if stat.S_ISBLK(status.st_mode) else ""


def unescaped(field):
    return re.sub(rb"\\([0-7]{3})", lambda found: bytes((int(found.group(1), 8) & 255,)), field)


class NamedUses:
    """Who uses devices and files, told for people: as DeviceUses does for those of blksh's own machine."""

    def __init__(self):
        self.mounts = None
        self.swaps = [unescaped(line.split()[0]) for line in lines("/proc/swaps")[1:] if line.split()]
        self.loops = [name for name in os.listdir("/sys/class/block") if name.startswith("loop")]

    def tables(self):
        """The mounts of each mount namespace, with where that is; its own first."""
        if self.mounts is None:
            seen = set()
            self.mounts = []
            for process in ["self"] + [name for name in os.listdir("/proc") if name.isdigit()]:
                try:
                    view = [os.readlink("/proc/%s/%s" % (process, what)) for what in ("ns/mnt", "root")]
                except OSError:
                    continue
                if tuple(view) not in seen:
                    seen.add(tuple(view))
                    where = "" if process == "self" else " in another mount namespace (that of process %s)" % process
                    self.mounts.append((where, mounts("/proc/" + process + "/mountinfo")))
        return self.mounts

    def of(self, sys_path):
        """Of one device, without its partitions and its disk."""
        name = os.path.basename(sys_path)
        number = text(sys_path + "/dev")
        if not number:
            return
        for where, table in self.tables():
            for device, point, source, options in table:
                if device == number or device_number(source) == number:
                    yield "%s is mounted on %s%s" % (name, shown(point), where), UNMOUNT
                for key, part in ((b"logdev=", "the log"), (b"rtdev=", "the realtime part")):
                    for option in options:
                        if option.startswith(key + b"/") and device_number(option[len(key):]) == number:
                            yield "%s is %s of what is mounted on %s%s" % (name, part, shown(point), where), UNMOUNT
        for swap in self.swaps:
            if device_number(swap) == number:
                yield name + " is in use as swap", "swapoff it first"
        for holder in entries(sys_path + "/holders"):
            yield "%s is part of %s" % (name, holder), ""
        for volume in entries("/sys/fs/ext4"):
            task = text("/sys/fs/ext4/" + volume + "/journal_task")
            # The thread that writes a journal is called after the device the journal lies on.
            if task and text("/proc/" + task + "/comm") == "jbd2/" + name:
                yield "%s holds the journal of %s" % (name, volume), "unmount that first"
        for volume in entries("/sys/fs/btrfs"):
            if os.path.exists("/sys/fs/btrfs/" + volume + "/devices/" + name):
                yield "%s belongs to the mounted btrfs %s" % (name, volume), UNMOUNT
        for loop in self.loops:
            backing = backing_of(loop)
            if backing and device_number(backing) == number:
                yield stood_on(name, loop)

    def of_file(self, status):
        for loop in self.loops:
            if backing_of(loop) and same_file(loop, status):
                yield stood_on("it", loop)
        for swap in self.swaps:
            try:
                if os.path.samestat(os.stat(swap), status):
                    yield "it is in use as swap", "swapoff it first"
            except OSError:
                pass


def writer_of(wanted, inode=None):
    """Who has something open for writing that is wanted by its status, with that; None when nobody is found, among those
    that may be looked at. Virtual machines and targets of iSCSI claim nothing: no table tells them. Nothing is asked
    that a dead file server would have to answer: a device is known by where its name is, a file by its inode."""
    for process in entries("/proc"):
        if not process.isdigit() or int(process) == os.getpid():
            continue
        for number in entries("/proc/%s/fd" % process):
            try:
                place = os.readlink("/proc/%s/fd/%s" % (process, number))
                if not place.startswith("/dev/" if inode is None else "/") or not is_for_writing(process, number, inode):
                    continue
                status = os.stat("/proc/%s/fd/%s" % (process, number))
                if wanted(status):
                    return "process %s (%s)" % (process, text("/proc/%s/comm" % process)), status
            except OSError:
                pass  # it was closed meanwhile
    return None


def is_for_writing(process, number, inode):
    told = dict(line.split(b":", 1) for line in lines("/proc/%s/fdinfo/%s" % (process, number)) if b":" in line)
    flags = int(told.get(b"flags", b"0"), 8)
    if inode is not None and int(told.get(b"ino", inode)) != inode:  # it is told from Linux 5.14 on
        return False
    return flags & os.O_ACCMODE != os.O_RDONLY and not flags & O_PATH


def must_not_be_open(name, wanted, title="", inode=None):
    """Refuses what somebody has open for writing, for longer than an instant."""
    found = writer_of(wanted, inode)
    for _ in range(TRIES - 1):
        if found is None:
            return
        time.sleep(PAUSE_SECONDS)
        found = writer_of(wanted, inode)
    if found is not None:
        raise Unfit(
            "%s is open for writing by %s" % (name(found[1]), found[0]), "end that, or have it close it, first", title)


def entries(directory):
    try:
        return os.listdir(directory)
    except OSError:
        return []


def mounts(path):
    found = []
    for line in lines(path):
        before, dash, after = line.partition(b" - ")
        first, last = before.split(b" "), after.split(b" ")
        if dash and len(first) >= 6 and len(last) >= 2:
            options = first[5].split(b",") + (last[2].split(b",") if len(last) > 2 else [])
            source = unescaped(last[1])
            found.append((
                first[2].decode(), unescaped(first[4]), source if source.startswith(b"/") else b"",
                [unescaped(option) for option in options]))
    return found


def backing_of(loop):
    named = text("/sys/class/block/" + loop + "/loop/backing_file")
    return os.fsencode(named) if named else b""


def loop_file(loop):
    """Which file a loop device stands on, (device, inode); None when that cannot be asked."""
    try:
        fd = os.open("/dev/" + loop, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        device, inode = struct.unpack("QQ", fcntl.ioctl(fd, LOOP_GET_STATUS64, bytes(232))[:16])
        return number_text(device), inode
    except OSError:
        return None
    finally:
        os.close(fd)


def same_file(loop, status):
    known = loop_file(loop)
    if known is not None:
        return known == (number_text(status.st_dev), status.st_ino)
    try:
        return os.path.samestat(os.stat(backing_of(loop)), status)
    except OSError:
        return False


def stood_on(name, loop):
    return "%s is in use by %s" % (name, loop), "unmount that, or detach it with losetup -d /dev/" + loop


def is_in_dev(path):
    """Whether a name would be where devices are: in /dev, or where its file system is mounted otherwise."""
    directory = os.path.dirname(path)
    while not os.path.exists(directory):
        directory = os.path.dirname(directory)
    real = os.path.realpath(directory)
    device = os.stat(real).st_dev
    if device == os.stat(b"/dev").st_dev:
        return (real + b"/").startswith(b"/dev/") or device != os.stat(b"/").st_dev
    return os.major(device) == 0 and any(
        line.partition(b" - ")[2].startswith(b"devtmpfs ") and line.split()[2].decode() == number_text(device)
        for line in lines("/proc/self/mountinfo"))


def drive_title(sys_path):
    """Name, model and serial number, for people."""
    disk = os.path.dirname(sys_path) if os.path.exists(sys_path + "/partition") else sys_path
    title = os.path.basename(sys_path).replace("!", "/")
    for name, file in (("model", "device/model"), ("serial", "device/serial"), ("backing file", "loop/backing_file")):
        found = text(disk + "/" + file)
        title += ", %s %s" % (name, found) if found else ""
    return title


def touched(sys_path):
    """A device, its disk where it is a partition, its partitions."""
    found = [sys_path]
    if os.path.exists(sys_path + "/partition"):
        found.append(os.path.dirname(sys_path))
    return found + [
        sys_path + "/" + name for name in entries(sys_path) if os.path.exists(sys_path + "/" + name + "/partition")]


def boot():
    return text("/proc/sys/kernel/random/boot_id") or "-"


def started(pid):
    """When a process started, in ticks since the machine did (proc_pid_stat(5)); empty when there is none."""
    words = text("/proc/%d/stat" % pid).rpartition(")")[2].split()
    return words[19] if len(words) > 19 else ""


def agent_before(token):
    """The process of the agent that had a target before, as long as there is something of it; else 0."""
    words = token.split()
    if len(words) >= 3 and words[0] == boot() and words[1].isdigit():
        pid = int(words[1])
        if pid != os.getpid() and started(pid) == words[2]:
            return pid
    return 0


def lives(pid):
    """Whether a process has not ended: one that has keeps nothing open, though it may still be listed."""
    return text("/proc/%d/stat" % pid).rpartition(")")[2].split()[:1] not in ([], ["Z"], ["X"])


def kill(pid):
    try:
        os.kill(pid, 9)
    except OSError:
        pass


def mark(token, sign):
    """Has this process called after the claim it made: by that an agent is known whose answer was never heard. With
    + or * nobody hears it any more; with * another may have written what it has since the agent before."""
    try:
        with open("/proc/self/comm", "wb") as name:
            name.write(MARK + sign + hashlib.sha256(token.encode()).hexdigest()[:9].encode())
    except OSError:
        pass  # then another finds it in use


def owner_of(process):
    try:
        return os.stat("/proc/" + process).st_uid
    except OSError:
        return -1


def orphans(token, has):
    """Other agents that have something open that is wanted by its status, and nobody hears: of the same claim where
    there was one before, else of whichever. With each, whether nobody else has written that since."""
    for process in entries("/proc"):
        if not process.isdigit() or int(process) == os.getpid():
            continue
        name = text("/proc/%s/comm" % process).encode()
        if not name.startswith(MARK) or owner_of(process) != os.getuid():
            continue
        if token and name[len(MARK) + 1:] != hashlib.sha256(token.encode()).hexdigest()[:9].encode():
            continue
        sign = name[len(MARK):len(MARK) + 1]
        if not token and sign not in (b"+", b"*"):
            continue
        for number in entries("/proc/%s/fd" % process):
            try:
                if is_for_writing(process, number, None) and has(os.stat("/proc/%s/fd/%s" % (process, number))):
                    yield int(process), sign == b"+"
                    break
            except OSError:
                pass  # it was closed meanwhile


def has_threads(pid):
    """Whether a process has not ended, or some thread of it still works, as in giving a drive back: who should look
    after one that has ended need not do so."""
    return lives(pid) or len(entries("/proc/%d/task" % pid)) > 1


def numbers_of(status):
    return "%d:%d" % (status.st_dev, status.st_ino)


def lock(fd):
    """Has a file locked for what is open, or where that cannot be for this process; whether it is."""
    try:
        wanted = struct.pack("@hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        fcntl.fcntl(fd, F_OFD_SETLK, wanted)
        return True
    except OSError as failure:
        if failure.errno in LOCKED:
            return False
        if failure.errno != errno.EINVAL:
            raise
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError as failure:
        if failure.errno in LOCKED:
            return False
        raise


def unlock(reader):
    try:
        if reader:
            fcntl.fcntl(reader.fd, F_OFD_SETLK, struct.pack("@hhqqi0q", fcntl.F_UNLCK, os.SEEK_SET, 0, 0, 0))
    except OSError:
        pass  # it goes when the file is closed


def telling(tell, work):
    """Does what may take long, and says so meanwhile: not for ever, as a drive may hang."""
    over = threading.Event()
    until = time.monotonic() + FLUSH_SECONDS

    def again():
        while not over.wait(ALIVE_SECONDS) and time.monotonic() < until:
            tell()

    start(again)
    try:
        work()
    finally:
        over.set()


class Dirt:
    """Bytes that were written to a file and are in memory only. They are brought to the medium while others come: what
    is not there when an agent ends has to be before the kernel gives the drive to the next."""

    def __init__(self, file):
        self.file = file
        self.changed = threading.Condition()
        self.bytes = 0
        self.flushing = False
        self.failure = None
        self.closed = False

    def wrote(self, count, tell):
        with self.changed:
            self.bytes += count
            if self.bytes >= FLUSHED_DIRT and not self.flushing and self.failure is None:
                self.flushing = True
                start(self.flush)
        until = time.monotonic() + FLUSH_SECONDS
        while True:
            with self.changed:
                self.must_have_worked()
                if not self.flushing or self.bytes < MOST_DIRT:
                    return
                self.changed.wait(ALIVE_SECONDS)
            if time.monotonic() < until:
                tell()

    def must_have_worked(self):
        if self.failure is not None:  # the kernel tells it once
            raise self.failure

    def flush(self):
        with self.changed:
            count = self.bytes
        failure = None
        try:
            os.fdatasync(self.file.fd)
        except OSError as problem:
            failure = problem
        with self.changed:
            self.bytes -= count
            self.failure = self.failure or failure
            self.flushing = False
            closed = self.closed
            self.changed.notify_all()
        if closed:
            self.file.close()

    def all(self, sync):
        """Has everything on the medium."""
        with self.changed:
            while self.flushing:
                self.changed.wait()
            self.must_have_worked()
            count = self.bytes
        try:
            sync(self.file.fd)
        except OSError as failure:
            self.failure = failure
            raise
        with self.changed:
            self.bytes -= count

    def close(self):
        """Closes the file when nothing works on it: its number may be another's afterwards."""
        with self.changed:
            self.closed = True
            if self.flushing:
                return
        self.file.close()


class Target:
    """A drive or a file that is written. What a Channel works on, as a Reader is."""

    def __init__(self, drives, payload, tell=lambda: None):
        flags, size, length = CLAIM_HEAD.unpack(payload[:CLAIM_HEAD.size])
        self.token = payload[CLAIM_HEAD.size:CLAIM_HEAD.size + length].decode("ascii", "replace")
        self.path = payload[CLAIM_HEAD.size + length:]
        self.overwrite, self.dry, self.again = flags & OVERWRITE, flags & DRY, flags & AGAIN
        self.size = size
        self.open_readers = drives.readers
        self.tell = tell  # that it is being worked on
        self.reader = None  # of what is written
        self.dirt = None
        self.written = None  # by what WRITTEN has it
        self.old = None  # of the file that will be replaced
        self.part = None  # the name of what will be the file
        self.title = ""
        self.device = False
        self.done = False
        self.dropped = False
        self.lost = []
        self.held = False  # whether from the agent before to this one nobody else can have written it
        self.others = False  # whether somebody else was seen to have it
        self.looked = -LOOK_SECONDS  # when orphans were looked for last, as it was in use
        self.ending = []  # the agents that had it before: (process, when it was started)
        try:
            self.open(flags & IN_PLACE)
        except BaseException:
            self.drop()
            self.close()
            raise

    def open(self, in_place):
        if self.again and self.token.split()[:1] != [boot()]:
            raise Unfit("the machine was started anew meanwhile, or it is another")
        found = self.look()
        if not self.dry:
            mark(self.token, b"=")
        if self.again:
            before = agent_before(self.token)
            words = self.token.split()
            if before:
                self.end_agent(before, True)
            elif len(words) >= 3 and words[1].isdigit():  # for another target of it
                self.held = ENDED.get((int(words[1]), words[2]), False)
        self.end_orphans(found)
        if found is not None and stat.S_ISBLK(found.st_mode):
            self.device = True
            self.take_drive(found)
        elif found is not None and not stat.S_ISREG(found.st_mode):
            raise Unfit("it is neither a file nor a block device")
        else:
            self.take_file(found, in_place)
        self.status = self.reader.status if self.reader else None
        if self.again and not self.dry and not self.done:
            telling(self.tell, self.forget_cached)
        self.dirt = Dirt(self.reader) if self.reader else None

    def end_agent(self, pid, alone):
        """Ends one that nobody hears, if it has not noticed that itself."""
        known = (pid, started(pid))
        with WRITTEN_LOCK:
            lived = ENDED.setdefault(known, lives(pid))
        self.held = self.held or bool(self.again and alone and lived)
        self.ending.append(known)
        kill(pid)

    def is_ending(self):
        """Whether there is something left of those: one that was ended has a drive until its bytes are on it."""
        self.ending = [each for each in self.ending if started(each[0]) == each[1] != "" and has_threads(each[0])]
        return bool(self.ending)

    def end_orphans(self, found):
        """Ends those that nobody hears, and that have it; whether there were any. Who does not go on with what they
        had waits until they are gone: what looks whether it may be written finds them otherwise."""
        if self.dry:
            return False
        if found is not None and stat.S_ISBLK(found.st_mode):
            numbers = [text(part + "/dev") for part in touched(
                os.path.realpath("/sys/dev/block/" + number_text(found.st_rdev)))]
            has = lambda status: stat.S_ISBLK(status.st_mode) and number_text(status.st_rdev) in numbers
        else:
            wanted = [status for status in (found, self.part_status()) if status is not None]
            has = lambda status: any(os.path.samestat(status, each) for each in wanted)
        ended = False
        for pid, alone in orphans(self.token if self.again else "", has):
            if (pid, started(pid)) not in self.ending:
                self.end_agent(pid, alone)
                ended = True
        until = told = time.monotonic()
        until += ENDING_SECONDS
        while not self.again and self.is_ending() and time.monotonic() < until:
            time.sleep(PAUSE_SECONDS)
            if time.monotonic() - told > ALIVE_SECONDS:
                told = time.monotonic()
                self.tell()
        return ended

    def part_status(self):
        """Of what has the name of a part."""
        directory, name = os.path.split(os.path.realpath(self.path))
        try:
            return os.lstat(os.path.join(directory, b"." + name + b".blksh.part"))
        except OSError:
            return None

    def forget_cached(self):
        """Has what is compared be what the medium holds: of what it did not take the agent before may have been told,
        and the right bytes are in memory still."""
        os.fdatasync(self.reader.fd)
        os.posix_fadvise(self.reader.fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def attempts(self, most):
        """Goes on as long as what somebody else has may be had soon. A target that was ours is waited for until the
        agent before has ended and is forgotten."""
        began = gone = told = time.monotonic()
        tries = 0
        while True:
            yield tries
            tries += 1
            now = time.monotonic()
            if not self.again:
                if tries >= most:
                    return
            elif self.is_ending() and now - began < ENDING_SECONDS:
                gone = now
            elif now - gone > AGAIN_SECONDS:
                return
            if now - told > ALIVE_SECONDS:
                told = now
                self.tell()
            time.sleep(PAUSE_SECONDS)

    def note_others(self, found):
        """Somebody has it who is no agent before that was ending: asked before it was tried, as one that ends between
        the two had it all the same."""
        now = time.monotonic()
        if self.again and now - self.looked < LOOK_SECONDS:
            return
        self.looked = now
        if not (self.again and self.end_orphans(found)):
            self.held = False
            self.others = True

    def must_have_been_ours(self):
        """Refuses to go on with what another restore may have finished meanwhile."""
        if self.again and self.others:
            raise Unfit(HAD_BY_OTHERS, "see what it holds now, and restore it once more if that is right", self.title)

    def look(self):
        """Refuses what can be told before it is claimed; what is there."""
        if os.path.isdir(self.path):
            raise Unfit("it is a directory", "name a file in it")
        if not os.path.isdir(os.path.dirname(self.path)):
            raise Unfit("its directory does not exist", "make it first")
        if os.path.lexists(self.path) and not self.overwrite and not self.again:
            raise Unfit("it exists", OVERWRITE_REMEDY)
        if os.path.exists(self.path):
            return os.stat(self.path)
        if is_in_dev(self.path):
            name = shown(os.path.basename(self.path))
            raise Unfit(
                name + " is no drive there, and nothing is made in /dev, which is no disk",
                "`drives` shows what there is")
        return None

    # ---- drives ----------------------------------------------------------------------------------

    def take_drive(self, found):
        sys_path = os.path.realpath("/sys/dev/block/" + number_text(found.st_rdev))
        self.title = drive_title(sys_path)
        try:
            there = Reader(self.path)
        except Refused:
            raise Unfit("there is no medium in it (its size is 0)", "", self.title)
        except OSError as failure:
            if failure.errno == getattr(errno, "ENOMEDIUM", -1):
                raise Unfit("there is no medium in it", "", self.title)
            raise
        size = there.size
        there.close()
        if size < self.size:
            raise Unfit("it has %d bytes and the image %d" % (size, self.size), "", self.title)
        if text(sys_path + "/ro") == "1":
            raise Unfit("it is read-only", "", self.title)
        parts = touched(sys_path)
        numbers = [text(part + "/dev") for part in parts]
        name = os.path.basename(sys_path)
        if not self.again:  # what uses or reads it by now came later
            self.must_not_be_read(
                lambda reader: number_text(reader.status.st_rdev) in numbers if reader.device
                else bool(backing_of(name)) and same_file(name, reader.status))
            self.must_be_unused(parts)
            self.must_not_be_open(parts)
        self.reader = self.taken(parts)
        if self.reader.status.st_rdev != found.st_rdev or self.reader.size < self.size:
            raise Unfit("it became another drive meanwhile", "", self.title)

    def must_be_unused(self, parts):
        uses = NamedUses()
        for part in parts:
            for words, remedy in uses.of(part):
                raise Unfit(words, remedy, self.title)

    def must_not_be_open(self, parts):
        names = dict((text(part + "/dev"), os.path.basename(part)) for part in parts)
        must_not_be_open(
            lambda status: names[number_text(status.st_rdev)],
            lambda status: stat.S_ISBLK(status.st_mode) and number_text(status.st_rdev) in names, self.title)

    def must_not_be_read(self, same):
        if any(reader.status is not None and same(reader) for reader in self.open_readers()):
            raise Unfit(
                "it is what is being read, or is open here otherwise", "name another one, or close what was opened of it",
                self.title)

    def taken(self, parts):
        """The drive for this process alone: the kernel's own answer whether somebody uses it."""
        flags = (os.O_RDONLY if self.dry else os.O_RDWR) | os.O_EXCL
        looked = time.monotonic()
        for _ in self.attempts(TRIES):
            ending = self.is_ending()
            try:
                reader = Reader(self.path, flags)
                break
            except OSError as failure:
                if failure.errno != errno.EBUSY:
                    raise
            if not ending:
                self.note_others(os.stat(self.path))
            if time.monotonic() - looked > LOOK_SECONDS:
                self.must_be_unused(parts)  # what is mounted meanwhile is not waited for
                looked = time.monotonic()
        else:
            self.must_be_unused(parts)
            raise Unfit(
                "the kernel has it in use, or another program has it alone",
                "look for what is mounted, also in containers, for a journal or a second device of a file system,"
                " and for swap, RAID and LVM", self.title)
        try:
            self.must_have_been_ours()
            self.must_be_unused(parts)  # what needs no claim: a loop device that stands on it
            self.must_not_be_open(parts)
            return reader
        except BaseException:
            reader.close()
            raise

    # ---- files -----------------------------------------------------------------------------------

    def take_file(self, found, in_place):
        if found is not None:
            self.path = os.path.realpath(self.path)
        else:  # its part is known by its name: by one name
            directory, name = os.path.split(self.path)
            self.path = os.path.join(os.path.realpath(directory), name)
        if self.again and not self.dry and not in_place and self.has_its_name():
            return
        if found is not None:
            if self.again:
                self.must_be_unused_file(found)  # the agent before may have it open still
            else:
                self.must_not_be_used(found)
            if not self.again:
                self.must_not_be_read(
                    lambda reader: os.path.samestat(reader.status, found)
                    or reader.device and self.is_below(reader, found))
        if found is not None and in_place:
            self.take_in_place(found)
            return
        if found is not None:
            self.old = Reader(self.path)
        if self.again and not self.dry:
            self.take_again()
        elif not self.dry:
            self.begin_part()

    def must_be_unused_file(self, found):
        for words, remedy in NamedUses().of_file(found):
            raise Unfit(words, remedy)

    def must_not_be_used(self, found):
        self.must_be_unused_file(found)
        must_not_be_open(lambda status: "it", lambda status: os.path.samestat(status, found), inode=found.st_ino)

    @staticmethod
    def is_below(reader, found):
        name = os.path.basename(os.path.realpath(reader.sys()))
        return bool(backing_of(name)) and same_file(name, found)

    def take_in_place(self, found):
        self.reader = Reader(self.path, os.O_RDONLY if self.dry else os.O_RDWR)
        if not os.path.samestat(self.reader.status, found):
            raise Unfit("it became another file meanwhile")
        if not self.dry:
            self.enter(numbers_of(found))
            if not self.locked():
                raise Unfit("another program has it locked", "end that first")
            self.must_have_been_ours()
            if self.again:
                self.must_not_be_used(found)

    def locked(self):
        for _ in self.attempts(1):
            ending = self.is_ending()
            if lock(self.reader.fd):
                return True
            if not ending:
                self.note_others(self.reader.status)
        return False

    def enter(self, written):
        with WRITTEN_LOCK:
            if written in WRITTEN:
                raise Unfit(BEING_WRITTEN)
            WRITTEN.add(written)
        self.written = written

    def leave(self):
        """Lets another write it: nothing is written any more, though it may be open for a while."""
        if self.written is not None:
            unlock(self.reader)
        with WRITTEN_LOCK:
            WRITTEN.discard(self.written)
        self.written = None

    def part_path(self):
        directory, name = os.path.split(self.path)
        return os.path.join(directory, b"." + name + b".blksh.part")

    def begun_before(self):
        """The numbers of the part of the agent before; empty when it had none."""
        words = self.token.split()
        return words[3] if len(words) == 4 else ""

    def has_its_name(self):
        """Whether the agent before was cut off when it had finished."""
        status = os.lstat(self.path) if os.path.lexists(self.path) else None
        if status is None or numbers_of(status) != self.begun_before():
            return False
        self.reader = Reader(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        if numbers_of(self.reader.status) != self.begun_before():
            raise Unfit("it became another file meanwhile", "restore it once more")
        if not self.number_is_its_own():
            raise Unfit("it may have its name already, and nothing tells whether it is this one", "restore it once more")
        try:
            if os.path.samestat(os.lstat(self.part_path()), self.reader.status):
                os.unlink(self.part_path())
        except OSError:
            pass
        sync_directory(self.path)
        self.done = True
        return True

    def number_is_its_own(self):
        """Whether a file of the same number is the same: else another may have been given the number of one that went."""
        return self.reader.facts().get("generation", "") != ""

    def take_again(self):
        """Goes on with the part of the agent before."""
        part = self.part_path()
        try:
            self.reader = Reader(part, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            if self.has_its_name():
                return
            raise Unfit("what was written of it before the connection was cut is gone", "restore it once more")
        self.enter(part)
        if numbers_of(self.reader.status) != self.begun_before() or not self.locked():
            raise Unfit(BEGUN_BY_OTHERS)
        begun = self.reader
        if self.has_its_name():  # which the agent before gave it before it ended
            self.leave()
            begun.close()
            return
        self.take_part(part)
        # An agent that lived until now had it open, and its number to itself.
        self.held = self.held or self.number_is_its_own()

    def begin_part(self):
        part = self.part_path()
        self.enter(part)
        remove_dead(part)
        try:
            self.reader = Reader(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW)
        except FileExistsError:
            raise Unfit(BEING_WRITTEN)
        if not self.locked():
            raise Unfit(BEING_WRITTEN)
        self.take_part(part)

    def take_part(self, part):
        self.must_be_ours(part)
        self.part = part
        os.ftruncate(self.reader.fd, self.size)
        self.reader.size = self.size

    def must_be_ours(self, part):
        """That what has the name of the part is what is written: before it was locked another may have removed it."""
        try:
            if os.path.samestat(os.lstat(part), self.reader.status):
                return
        except FileNotFoundError:
            pass
        raise Unfit(BEGUN_BY_OTHERS)

    def sys(self):
        return self.reader.sys()

    # ---- what is written -------------------------------------------------------------------------

    def facts(self):
        known = self.reader or self.old
        facts = known.facts() if known else {"kind": "file", "size": 0, "sector": 512, "boot": boot()}
        facts["changed"] = ""
        if not self.device:
            facts["size"] = self.size
        facts["token"] = "%s %d %s" % (boot(), os.getpid(), started(os.getpid()))
        if self.part or self.done:
            facts["token"] += " " + numbers_of(known.status)
        facts["title"] = self.title
        facts["part"] = shown(self.part) if self.part else ""
        facts["inplace"] = "1" if self.reader and not self.part and not self.done else ""
        facts["held"] = "1" if self.held else ""
        facts["replaces"] = "1" if self.old else ""
        facts["finished"] = "1" if self.done else ""
        return facts

    @property
    def working(self):
        return lambda: None

    @working.setter
    def working(self, tell):
        for reader in (self.reader, self.old):
            if reader:
                reader.working = tell

    def write(self, position, data):
        if self.dry or position < 0 or position + len(data) > self.size:
            raise Unfit("bytes at %d are not to be written" % position)
        view = memoryview(data)
        at = 0
        while at < len(view):
            at += os.pwrite(self.reader.fd, view[at:], position + at)
        self.dirt.wrote(len(view), self.tell)

    def keep(self, position, page, digest):
        """Takes a page of the file that will be replaced, if it is the one that was told of."""
        length = min(PAGE, self.size - position)
        data = os.pread(self.old.fd, length, position) if self.old else b""
        if len(data) != length or hashlib.sha256(data).digest() != digest:
            raise Unfit("the file that is to be replaced was changed meanwhile", "restore it once more")
        self.write(position, data)

    def zero(self, position, length):
        """Makes a range read as zeros. Returns the bytes that did not."""
        end = min(position + length, self.size)
        reader = self.reader or self.old
        if reader is None:
            return 0
        if not self.device:
            end = min(end, os.fstat(reader.fd).st_size)
        at = position
        changed = 0
        while at < end:
            at = reader.seek(at, getattr(os, "SEEK_DATA", 3), end)
            count = min(end - at, ZERO_PIECE)
            if count > 0:
                changed += self.zero_piece(reader, at, count)
                at += count
        return changed

    def zero_piece(self, reader, position, count):
        data, bad = reader.read(position, count)
        if not bad and data == bytes(count):
            return 0
        changed = 0
        first = None
        for at in range(0, count + PAGE, PAGE):
            page = data[at:at + PAGE]
            right = not page or page == ZERO_PAGE[:len(page)] and not any(
                start < at + len(page) and start + length > at for start, length in bad)
            if not right and first is None:
                first = at
            elif right and first is not None:
                self.write_zeros(position + first, min(at, count) - first)
                changed += min(at, count) - first
                first = None
        return changed

    def write_zeros(self, position, count):
        if self.dry:
            return
        if self.device and count >= LEAST_ZEROOUT:
            try:
                fcntl.ioctl(self.reader.fd, BLKZEROOUT, struct.pack("QQ", position, count))
                return
            except OSError:
                pass  # then they are written
        self.write(position, bytes(count))

    def flush(self):
        """Has what was written so far on the medium."""
        if not (self.done or self.dry):
            self.dirt.all(os.fdatasync)

    def finish(self):
        """Makes all of it durable, under its name."""
        if self.done or self.dry:
            return
        fd = self.reader.fd
        if self.part is None:
            if not self.device:
                os.ftruncate(fd, self.size)
            self.dirt.all(os.fsync)
        else:
            if os.path.lexists(self.path):
                if not self.overwrite:
                    raise Unfit(MADE_MEANWHILE, OVERWRITE_REMEDY)
                if os.path.exists(self.path):
                    self.must_not_be_used(os.stat(self.path))  # a loop device may stand on it by now
                    self.keep_attributes(fd)
            self.dirt.all(os.fsync)
            self.give_name()
            sync_directory(self.path)
        self.done = True
        self.leave()

    def give_name(self):
        if self.dropped:
            raise Unfit("it was given up")
        self.must_be_ours(self.part)
        if self.overwrite or not self.linked():
            os.rename(self.part, self.path)
        self.part = None

    def linked(self):
        """Gives it a name that nothing has, not even since it was looked; whether the file system can do so."""
        try:
            os.link(self.part, self.path)
        except FileExistsError:
            raise Unfit(MADE_MEANWHILE, OVERWRITE_REMEDY)
        except OSError:  # FAT has no second names
            if os.path.lexists(self.path):
                raise Unfit(MADE_MEANWHILE, OVERWRITE_REMEDY)
            return False
        os.unlink(self.part)
        return True

    def keep_attributes(self, fd):
        """Gives it what the file has whose place it takes; what it cannot get is told."""
        there = os.stat(self.path)
        mode = there.st_mode & MODE
        for name, wanted, ids in (("group", there.st_gid, (-1, there.st_gid)), ("user", there.st_uid, (there.st_uid, -1))):
            now = os.fstat(fd)
            if wanted != (now.st_gid if name == "group" else now.st_uid):
                try:
                    os.fchown(fd, *ids)
                except OSError as failure:
                    mode &= ~SET_IDS
                    self.lost.append("it no longer belongs to %s %d (%s)" % (name, wanted, failure.strerror))
        if there.st_nlink > 1:
            other = there.st_nlink - 1
            self.lost.append("%d other name%s of the file (hard links) keep%s the old contents" % (
                other, "" if other == 1 else "s", "s" if other == 1 else ""))
        self.keep_extended(fd)
        os.fchmod(fd, mode)

    def keep_extended(self, fd):
        try:
            names = os.listxattr(self.path)
        except OSError:
            names = []
        for inherited in os.listxattr(fd) if names is not None else []:
            if inherited not in names:
                try:
                    os.removexattr(fd, inherited)
                except OSError:
                    pass
        for name in names:
            try:
                os.setxattr(fd, name, os.getxattr(self.path, name))
            except OSError as failure:
                self.lost.append("its attribute %s is lost (%s)" % (shown(name), failure.strerror))

    def drop(self):
        """Removes what was not finished."""
        self.dropped = True
        if self.part is not None and not self.done:
            try:
                found = os.lstat(self.part)
                if self.reader and os.path.samestat(found, self.reader.status):
                    os.unlink(self.part)
            except OSError:
                pass
            self.part = None
        self.leave()

    def close(self):
        self.drop()
        if self.dirt:
            self.dirt.close()
        elif self.reader:
            self.reader.close()
        if self.old:
            self.old.close()
        self.reader = self.old = None


def remove_dead(part):
    """Removes what has the name of a part and no living writer."""
    try:
        found = os.lstat(part)
        if stat.S_ISREG(found.st_mode):
            fd = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                # Who had it locked before may have removed it, and another made one of that name.
                if not lock(fd) or not os.path.samestat(os.lstat(part), os.fstat(fd)):
                    raise Unfit(BEING_WRITTEN)
                os.unlink(part)
            finally:
                os.close(fd)
        else:
            os.unlink(part)
    except FileNotFoundError:
        pass  # somebody was faster
    except OSError as failure:
        raise Unfit("%s is in its way and cannot be removed: %s" % (shown(part), failure.strerror))


def sync_directory(path):
    fd = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def set_pages(mask, length):
    pages = (length + PAGE - 1) // PAGE
    return [i for i in range(min(pages, 8 * len(mask))) if mask[i // 8] >> i % 8 & 1]


class TargetChannel(Channel):
    """A target, and the threads that work on it: one tells what is there, another writes, in the order asked."""

    SPAN = struct.Struct("!QI")

    @property
    def holds(self):
        target = self.reader
        return not (target.dry or target.done or target.dropped)

    def hold_on(self):
        target = self.reader
        mark(target.token, b"*" if target.again and not target.held else b"+")

    def ask(self, kind, number, payload):
        if kind in (HASH, HASH_OLD):
            position, length = self.SPAN.unpack(payload)
            self.put(self.hashing, self.tell, (number, kind, position, min(length, SEGMENT)))
        elif kind in (WRITE, KEEP, ZERO, FLUSH, FINISH, DROP):
            if kind == DROP:
                self.reader.dropped = True
            self.put(self.packing, self.change, (number, kind, payload))
        else:
            self.output.fail(self.number, number, errno.EBADF, "it is open for writing")

    def tell(self, number, kind, position, length):
        source = self.reader.old if kind == HASH_OLD else self.reader.reader or self.reader.old
        data, bad = source.read(position, length)
        told, zeros = self.told(data)
        self.output.send(DIGESTS, self.number, number, told + packed(bad))

    def change(self, number, kind, payload):
        if self.reader.dropped and kind != DROP:
            return
        try:
            if kind == WRITE:
                self.output.send(WROTE, self.number, number, struct.pack("!Q", self.write(payload)))
            elif kind == KEEP:
                self.keep(payload)
                self.output.send(WROTE, self.number, number, struct.pack("!Q", 0))
            elif kind == ZERO:
                changed = self.reader.zero(*struct.unpack("!QQ", payload))
                self.output.send(WROTE, self.number, number, struct.pack("!Q", changed))
            elif kind == FLUSH:
                self.worked_on(self.reader.flush)
                self.output.send(WROTE, self.number, number, struct.pack("!Q", 0))
            elif kind == FINISH:
                self.finish(number)
            else:
                self.reader.drop()
                self.output.send(DROPPED, self.number, number, struct.pack("!B", self.reader.done))
        except Unfit as failure:
            self.output.fail(self.number, number, 0, str(failure))

    def write(self, payload):
        """The pages of a span, of which a mask says which they are."""
        position, length = self.SPAN.unpack(payload[:self.SPAN.size])
        codec, width = struct.unpack("!BH", payload[self.SPAN.size:self.SPAN.size + 3])
        at = self.SPAN.size + 3
        pages = set_pages(payload[at:at + width], length)
        wanted = sum(min(PAGE, length - i * PAGE) for i in pages)
        if length > SEGMENT:
            raise Unfit("bytes came in another length than was said")
        data = unpacked(codec, payload[at + width:], wanted)
        if len(data) != wanted:
            raise Unfit("bytes came in another length than was said")
        done = 0
        first = 0
        while first < len(pages):
            last = first
            while last + 1 < len(pages) and pages[last + 1] == pages[last] + 1:
                last += 1
            count = min((last - first + 1) * PAGE, length - pages[first] * PAGE)
            self.reader.write(position + pages[first] * PAGE, data[done:done + count])
            done += count
            first = last + 1
        return done

    def keep(self, payload):
        position, length = self.SPAN.unpack(payload[:self.SPAN.size])
        width, = struct.unpack("!H", payload[self.SPAN.size:self.SPAN.size + 2])
        at = self.SPAN.size + 2
        digests = payload[at + width:]
        for turn, page in enumerate(set_pages(payload[at:at + width], length)):
            self.reader.keep(position + page * PAGE, page, digests[32 * turn:32 * turn + 32])

    def finish(self, number):
        self.worked_on(self.reader.finish)
        lost = json.dumps(dict((str(i), each) for i, each in enumerate(self.reader.lost)))
        self.output.send(FINISHED, self.number, number, lost.encode())

    def worked_on(self, work):
        telling(lambda: self.output.send(ALIVE, self.number, 0), work)


CLAIMING.append((TargetChannel, Target))
