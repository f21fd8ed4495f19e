#!/usr/bin/env python3
"""Makes files again from discs.

    python3 restore.py TO DISC... [--only PATH]

TO is a directory, DISC a disc, an image of one, or a directory with what is on one. It can be run
with some discs now and others later. Nothing that is there is written over. Contents are compared
with their SHA-256, and a file has its name only when it is whole. Ends with 0 when all that these
discs have was restored, and with 3 when not.
"""
import base64, hashlib, json, os, stat, struct, sys

SECTOR, PIECE = 2048, 1 << 20
problems = []


def problem(path, text):
    problems.append(path)
    print("%s: %s" % (os.fsdecode(path).encode("utf-8", "backslashreplace").decode(), text), file=sys.stderr)


def lines(read, length):
    """The lines of a tree.jsonl. What cannot be read is left out by the sector, with the lines it is in."""
    at, rest, broken, lost = 0, b"", False, 0
    while at < length:
        for piece in sectors(read, at, min(PIECE, length - at)):
            if piece is None:
                rest, broken, lost = b"", True, lost + 1
                continue
            *whole, rest = (rest + piece).split(b"\n")
            if broken and whole:
                whole, broken = whole[1:], False
            elif broken:
                rest = b""
            yield from whole
        at += PIECE
    if rest:
        yield rest
    if lost:
        problem(b"tree.jsonl", "%d sectors of it cannot be read, so what they tell of is missing" % lost)


def sectors(read, at, length):
    try:
        return [read(at, length)]
    except OSError:
        pieces = []
        for each in range(at, at + length, SECTOR):
            try:
                pieces.append(read(each, min(SECTOR, at + length - each)))
            except OSError:
                pieces.append(None)
        return pieces


def read(file, at, length):
    """All bytes of a stretch."""
    file.seek(at)
    pieces = []
    while length > 0:
        piece = file.read(length)
        if not piece:
            raise OSError("it is cut short")
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


class Image:
    """A disc, or an image of one: read by sectors, as its tree.jsonl has them."""

    def __init__(self, path):
        self.file = open(path, "rb", buffering=0)
        volume = read(self.file, 16 * SECTOR, SECTOR)
        if volume[1:6] != b"CD001":
            raise ValueError("it is no image of a disc")
        first, = struct.unpack_from("<I", volume, 156 + 2)
        length, = struct.unpack_from("<I", volume, 156 + 10)
        records, at = read(self.file, first * SECTOR, length), 0
        self.tree = None
        while at < len(records):
            size = records[at]
            if size == 0:
                at = (at // SECTOR + 1) * SECTOR
                continue
            name = records[at + 33:at + 33 + records[at + 32]]
            if name.upper().startswith(b"TREE."):
                self.tree = struct.unpack_from("<I", records, at + 2)[0], struct.unpack_from("<I", records, at + 10)[0]
            at += size
        if self.tree is None:
            raise ValueError("it has no tree.jsonl")

    def lines(self):
        first = self.tree[0] * SECTOR
        return lines(lambda at, length: read(self.file, first + at, length), self.tree[1])

    def pieces(self, line, length):
        at = line["at"] * SECTOR
        for done in range(0, length, PIECE):
            yield read(self.file, at + done, min(PIECE, length - done))


class Directory:
    """A disc that is mounted, or a copy of what is on it."""

    def __init__(self, path):
        self.path = os.fsencode(path)

    def lines(self):
        with open(os.path.join(self.path, b"tree.jsonl"), "rb", buffering=0) as file:
            length = os.fstat(file.fileno()).st_size
            yield from lines(lambda at, some: read(file, at, some), length)

    def pieces(self, line, length):
        path = os.path.join(self.path, b"DATA", name(line["path"]))
        if "file" in line:
            path = os.path.join(os.path.dirname(path), name(line["file"]))
        with open(path, "rb", buffering=0) as file:
            for done in range(0, length, PIECE):
                yield read(file, done, min(PIECE, length - done))


def name(text):
    """The bytes of a name: what is no UTF-8 is a lone surrogate."""
    return text.encode("utf-8", "surrogateescape")


def target(to, path):
    """Where a path goes; never out of the directory, nor through a link."""
    steps = path.split(b"/") if path else []
    if any(step in (b"", b".", b"..") or b"\0" in step for step in steps):
        raise ValueError("its path leads out of the tree")
    at = to
    for step in steps[:-1]:
        at = os.path.join(at, step)
        if os.path.islink(at):
            raise ValueError("a link is on its way")
        if not os.path.isdir(at):
            os.mkdir(at, 0o700)
    return os.path.join(at, steps[-1]) if steps else to


def dress(path, line, shown, link=False):
    """Gives what belongs to an entry: the owner first, as with it rights go; the time last."""
    options = {"follow_symlinks": False} if os.chown in os.supports_follow_symlinks else {}
    mode = line["mode"]
    try:
        os.chown(path, line["uid"], line["gid"], **options)
    except OSError:
        mode &= 0o1777
        if os.geteuid() == 0:
            problem(shown, "its owner could not be set")
    if not link:
        os.chmod(path, mode)
    for key, value in line.get("xattr", {}).items():
        try:
            os.setxattr(path, name(key), base64.b64decode(value), follow_symlinks=False)
        except (OSError, AttributeError):
            problem(shown, "its attribute %s could not be set" % key)
    seconds, nanos = line["mtime"]
    time = seconds * 10**9 + nanos
    try:
        os.utime(path, ns=(time, time), follow_symlinks=False)
    except OSError:
        problem(shown, "its time could not be set")


def remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass


def is_there(path, line):
    """Whether something is the file of a line: its time is set last, so one that has it is whole."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    seconds, nanos = line["mtime"]
    return stat.S_ISREG(found.st_mode) and found.st_size == line["size"] and found.st_mtime_ns == seconds * 10**9 + nanos


def give_name(path, line, where):
    """Gives a file that is whole what belongs to it, and its name, which nothing else has."""
    dress(path, line, where)
    try:
        os.link(path, where)
        os.unlink(path)
    except OSError:
        if os.path.lexists(where):
            raise ValueError("it is there already, and another")
        os.rename(path, where)  # a file system without hard links


def make(pieces, line, where, damaged):
    """Makes a file; it has another name until it is whole, which is the same each time."""
    unnamed = b".restore-" + hashlib.sha256(os.path.basename(where)).hexdigest()[:24].encode()
    unnamed = os.path.join(os.path.dirname(where), unnamed)
    remove(unnamed)
    try:
        digest = hashlib.sha256()
        with open(unnamed, "xb") as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
        if digest.hexdigest() != line["sha256"]:
            raise ValueError(damaged)
        give_name(unnamed, line, where)
    except BaseException:
        remove(unnamed)
        raise


class Parts:
    """Files in parts: put together in a directory of their own, until all parts are there.

    A part is noted, by an empty file of its place and length, when it is on the medium."""

    def __init__(self, to):
        self.path = os.path.join(to, b".restore-parts")
        self.waiting = {}

    def key(self, line):
        key = line["sha256"]
        if len(key) != 64 or set(key) - set("0123456789abcdef"):
            raise ValueError("it has no SHA-256")
        return os.path.join(self.path, key.encode())

    def noted(self, key):
        """The places and lengths of parts that are there."""
        found, own = [], os.path.basename(key) + b"-"
        for each in os.listdir(self.path) if os.path.isdir(self.path) else []:
            if each.startswith(own):
                start, length = each[len(own):].split(b"-")
                found.append((int(start), int(length)))
        return sorted(found)

    def missing(self, key, size):
        """The first byte that no part has; the size when all are there."""
        at = 0
        for start, length in self.noted(key):
            if start <= at:
                at = max(at, start + length)
        return min(at, size)

    def drop(self, key):
        for each in self.noted(key):
            remove(key + b"-%d-%d" % each)
        remove(key)

    def add(self, disc, line, where):
        key, start, length = self.key(line), line["start"], line["length"]
        if not 0 <= start < start + length <= line["size"]:
            raise ValueError("its part is of another file")
        if os.path.islink(self.path):
            raise ValueError("a link is on its way")
        os.makedirs(self.path, 0o700, exist_ok=True)
        if (start, length) not in self.noted(key):
            with open(os.open(key, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600), "r+b") as file:
                file.seek(start)
                for piece in disc.pieces(line, length):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            open(key + b"-%d-%d" % (start, length), "wb").close()
        if self.missing(key, line["size"]) < line["size"]:
            self.waiting[where] = line
            return
        self.waiting.pop(where, None)
        digest = hashlib.sha256()
        with open(key, "rb") as file:
            for piece in iter(lambda: file.read(PIECE), b""):
                digest.update(piece)
        if digest.hexdigest() != line["sha256"]:
            self.drop(key)
            raise ValueError("its contents are damaged")
        give_name(key, line, where)
        self.drop(key)

    def finish(self):
        for where, line in self.waiting.items():
            at = self.missing(self.key(line), line["size"])
            problem(name(line["path"]), "it is in %d parts, and the one from byte %d on is on another disc" % (line["parts"], at))
        try:
            os.rmdir(self.path)
        except OSError:
            pass  # parts wait there for more discs


def contents(disc, where, line, parts):
    if line.get("sha256") is None:
        raise ValueError("the disc has not got it as it was catalogued")
    if line.get("parts", 1) > 1:
        parts.add(disc, line, where)
    else:
        make(disc.pieces(line, line["size"]), line, where, "its contents are damaged")


def is_wanted(path, only):
    return not only or path == only or path.startswith(only + b"/")


def enter(where):
    """Makes a directory, or lets one that was restored before take more."""
    if not os.path.isdir(where) or os.path.islink(where):
        os.mkdir(where, 0o700)
    elif not os.access(where, os.W_OK | os.X_OK):
        try:
            os.chmod(where, stat.S_IMODE(os.stat(where).st_mode) | 0o700)
        except OSError:
            pass  # what cannot be made in it is told


def restore(to, disc, only, directories, later, parts):
    for text in disc.lines():
        path = None
        try:
            line = json.loads(text)
            path = name(line["path"])
            kind = line["type"]
            if not is_wanted(path, only) and not (kind == "directory" and (not path or only.startswith(path + b"/"))):
                continue
            where = target(to, path)
            if kind == "directory":
                enter(where)
                directories[where] = line
            elif kind == "file":
                if is_there(where, line):
                    if line.get("parts", 1) > 1 and line.get("sha256"):
                        parts.drop(parts.key(line))
                elif os.path.lexists(where):
                    raise ValueError("it is there already, and another")
                elif "link" in line or "disc" in line:
                    later.append((where, line, disc))
                else:
                    contents(disc, where, line, parts)
            elif not os.path.lexists(where):
                if kind == "link":
                    os.symlink(name(line["target"]), where)
                else:
                    bits = {"pipe": stat.S_IFIFO, "socket": stat.S_IFSOCK, "block": stat.S_IFBLK, "character": stat.S_IFCHR}
                    os.mknod(where, bits[kind] | 0o600, line.get("device", 0))
                dress(where, line, where, kind == "link")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            problem(b"tree.jsonl" if path is None else path, "a line of it is damaged" if path is None else str(error))


def finish(to, only, directories, later, parts):
    for where, line, disc in sorted(later, key=lambda each: "link" in each[1]):  # first names first
        try:
            if is_there(where, line):
                continue
            first = target(to, name(line["link"])) if "link" in line else None
            if first and is_there(first, line):
                os.link(first, where, follow_symlinks=False)
                continue
            if "disc" in line:
                elsewhere = "its contents are on the disc " + line["disc"]
                same = target(to, name(line.get("same", line["path"])))
                if not os.path.isfile(same) or os.path.islink(same) or same == where:
                    raise ValueError(elsewhere)
                with open(same, "rb") as file:
                    make(iter(lambda: file.read(PIECE), b""), line, where, elsewhere)
            else:
                contents(disc, where, line, parts)
            if first and is_wanted(name(line["link"]), only) and os.path.lexists(where):
                problem(name(line["path"]), "it is a file of its own: its first name was not restored")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            problem(name(line["path"]), str(error))
    parts.finish()
    for where in sorted(directories, key=len, reverse=True):
        try:
            dress(where, directories[where], where)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            problem(where, str(error))


def main(words):
    only = b""
    if "--only" in words:
        at = words.index("--only")
        only = os.fsencode(words[at + 1]).strip(b"/") if at + 1 < len(words) else b""
        del words[at:at + 2]
    if len(words) < 2 or words[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    to = os.path.abspath(os.fsencode(words[0]))
    os.makedirs(to, exist_ok=True)
    directories, later, parts = {}, [], Parts(to)
    for word in words[1:]:
        try:
            disc = Directory(word) if os.path.isdir(word) else Image(word)
            restore(to, disc, only, directories, later, parts)
        except (OSError, ValueError, struct.error) as error:
            problem(os.fsencode(word), str(error))
    finish(to, only, directories, later, parts)
    return 3 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
