#!/usr/bin/env python3
"""Makes files again from discs.

    python3 restore.py TO DISC... [--only PATH]

TO is a directory, DISC a disc, an image of one, or a directory with what is on one. It can be run
with some discs now and others later, the newest first: where discs have a path more than once, what
the newest of those that are given has is made. Nothing that is there is written over. Contents are
compared with their SHA-256, and a file has its name only when it is whole. Ends with 0 when all that
these discs have was restored, and with 3 when not. What is damaged on a disc with parity is made again
from the rest of it; that is faster from an image than from the disc itself. Discs that are lost are made
from the others of their set, when parity discs are there for them.
"""
import base64, hashlib, json, os, stat, struct, sys, zlib

SECTOR, PIECE = 2048, 1 << 20
PLACE = "at", "part", "parts", "start", "length", "file", "disc", "same", "link"  # where a line has its contents
KINDS = {"pipe": stat.S_IFIFO, "socket": stat.S_IFSOCK, "block": stat.S_IFBLK, "character": stat.S_IFCHR}
TAKEN = "it is there already, and another file, or another version of it"
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


POWER, LOGARITHM = [0] * 510, [0] * 256  # of the field of 256 elements that parity counts in
for each in range(255):
    POWER[each] = POWER[each + 255] = POWER[each - 1] << 1 ^ (0x11d if POWER[each - 1] > 127 else 0) if each else 1
    LOGARITHM[POWER[each]] = each


def product(a, b):
    return POWER[LOGARITHM[a] + LOGARITHM[b]] if a and b else 0


def quotient(a, b):
    return POWER[LOGARITHM[a] + 255 - LOGARITHM[b]] if a else 0


TIMES = [bytes(product(factor, each) for each in range(256)) for factor in range(256)]


def inverse(rows):
    """Of a square matrix."""
    size = len(rows)
    rows = [row + [int(i == j) for j in range(size)] for i, row in enumerate(rows)]
    for i in range(size):
        pivot = next(j for j in range(i, size) if rows[j][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [quotient(each, rows[i][i]) for each in rows[i]]
        for j in range(size):
            if j != i and rows[j][i]:
                rows[j] = [a ^ product(rows[j][i], b) for a, b in zip(rows[j], rows[i])]
    return [row[size:] for row in rows]


class Parity:
    """What lies behind the image of a disc: its sectors, 255 - rows to a stripe, are the data of a Reed-Solomon
    code, "rows" sectors more its parity, and another has the digests of all of them."""

    def __init__(self, file):
        self.file = file
        last, volume = file.seek(0, 2) // SECTOR, self.raw(16) or b""
        whole = volume[1:6] == b"CD001"  # else the beginning is lost, and what may be the end is looked at, 16 MiB
        ends = (last, struct.unpack_from("<I", volume, 80)[0]) if whole else range(last // 32 * 32, max(256, last - 8192), -32)
        header = next(filter(None, (self.header(each) for places in ((128, 192, last - 2), (end - 2 for end in ends)) for each in places)), None)
        self.found = header is not None
        self.known_by = header[16:32] if header else None
        self.factors = {}
        if self.found:
            self.image, self.total, self.stripes, self.columns, self.rows = struct.unpack_from("<QQQII", header, 32)
            data = (self.image + 1 + self.columns - 1) // self.columns if self.columns else 0
            self.found = 0 < self.rows <= 130 and self.columns == 255 - self.rows and 0 < self.stripes == data
        if self.found:
            half, count = (self.rows + 1) // 2, self.stripes
            self.digests = [self.image, self.image + (1 + half) * count, self.image + (2 + self.rows) * count]
            self.row = [self.image + (each + (1 if each < half else 2)) * count for each in range(self.rows)]

    def header(self, at):
        sector = self.raw(at)
        good = sector and sector.startswith(b"blksh parity 1\n\n") and hashlib.sha256(sector[:-32]).digest() == sector[-32:]
        return sector if good else None

    def raw(self, at):
        try:
            return read(self.file, at * SECTOR, SECTOR)
        except (OSError, ValueError):
            return None

    def known(self, stripe):
        """The digests of a stripe; None when all three sectors with them are lost."""
        for each in self.digests:
            sector = self.raw(each + stripe)
            if sector and struct.pack("<II", zlib.crc32(sector[:-8]), zlib.adler32(sector[:-8])) == sector[-8:]:
                return sector
        return None

    def right(self, at, place, known):
        """A sector that is as it was; without digests one that can be read and is not empty."""
        sector = self.raw(at)
        if sector is None or known is None:
            return sector if sector and any(sector) else None
        good = struct.pack("<II", zlib.crc32(sector), zlib.adler32(sector)) == known[place * 8:place * 8 + 8]
        return sector if good else None

    def sector(self, at):
        """A sector as it was, whatever is there now."""
        if self.image <= at != self.total - 1:
            return read(self.file, at * SECTOR, SECTOR)
        column, stripe = divmod(min(at, self.image), self.stripes)
        known = self.known(stripe)
        return self.right(at, column, known) or self.made(stripe, column, known)

    def made(self, stripe, wanted, known):
        there, lost, parity = {}, [], {}
        for column in range(self.columns):
            index = column * self.stripes + stripe
            if index <= self.image:  # behind that all is zeros
                sector = self.right(index if index < self.image else self.total - 1, column, known)
                if sector is None:
                    lost.append(column)
                else:
                    there[column] = sector
        for row in range(self.rows):
            sector = self.right(self.row[row] + stripe, self.columns + row, known) if len(parity) < len(lost) else None
            if sector is not None:
                parity[row] = sector
        if len(parity) < len(lost):
            raise OSError("the disc is damaged by more than its parity can put right")
        total = 0
        for place, factor in self.by(wanted, tuple(lost), tuple(parity)).items():
            sector = parity[place - self.columns] if place >= self.columns else there.get(place)
            if sector is not None:
                total ^= int.from_bytes(sector.translate(TIMES[factor]), "little")
        sector = total.to_bytes(SECTOR, "little")
        if known and struct.pack("<II", zlib.crc32(sector), zlib.adler32(sector)) != known[wanted * 8:wanted * 8 + 8]:
            raise OSError("the disc is damaged by more than its parity can put right")
        return sector

    def by(self, wanted, lost, rows):
        """By what all others are multiplied to come to a column; kept, as neighbours have the same."""
        factors = self.factors.get((wanted, lost, rows))
        if factors is None:
            factor = lambda row, column: quotient(self.rows + column, row ^ self.rows + column)
            solution = inverse([[factor(row, column) for column in lost] for row in rows])[lost.index(wanted)]
            factors = {self.columns + row: each for row, each in zip(rows, solution)}
            for column in range(self.columns):
                if column not in lost:
                    factors[column] = 0
                    for row, each in zip(rows, solution):
                        factors[column] ^= product(each, factor(row, column))
            self.factors = {} if len(self.factors) > 500 else self.factors
            self.factors[wanted, lost, rows] = factors
        return factors


class Image:
    """A disc, or an image of one: read by sectors, as its tree.jsonl has them."""

    def __init__(self, path):
        self.file = path if isinstance(path, Rebuilt) else open(path, "rb", buffering=0)
        self.parity = Parity(self.file)
        volume = self.read(16 * SECTOR, SECTOR)
        if volume[1:6] != b"CD001":
            raise ValueError("it is no image of a disc")
        first, = struct.unpack_from("<I", volume, 156 + 2)
        length, = struct.unpack_from("<I", volume, 156 + 10)
        records, at = self.read(first * SECTOR, length), 0
        self.found = {}
        while at < len(records):
            size = records[at]
            if size == 0:
                at = (at // SECTOR + 1) * SECTOR
                continue
            name = records[at + 33:at + 33 + records[at + 32]]
            begins, length = struct.unpack_from("<I", records, at + 2)[0], struct.unpack_from("<I", records, at + 10)[0]
            first, before = self.found.get(name.split(b".")[0].upper(), (begins, 0))
            self.found[name.split(b".")[0].upper()] = first, before + length  # a large file has several records
            at += size
        self.tree, self.about = self.found.get(b"TREE"), self.found.get(b"DISC_INFO")
        if self.tree is None and not self.is_parity_disc():
            raise ValueError("it has no tree.jsonl")

    def is_parity_disc(self):
        return b"SET" in self.found and b"PARITY" in self.found

    def label(self):
        """What a disc is known by."""
        for at in 32, 48:
            sector = self.parity.raw(at) or b""
            if sector[:2] == b"\1\0" and sector[72:73] == b"\x08":
                return sector[73:89]
        return self.parity.known_by

    def read(self, at, length):
        """A stretch as it was: from the sectors around it where that cannot be had otherwise."""
        if not self.parity.found:
            return read(self.file, at, length)
        first, last = at // SECTOR, (at + length - 1) // SECTOR
        sectors = b"".join(self.parity.sector(each) for each in range(first, last + 1))
        return sectors[at - first * SECTOR:at - first * SECTOR + length]

    def info(self):
        if self.about is None:
            raise OSError("there is none")
        return self.read(self.about[0] * SECTOR, self.about[1])

    def lines(self):
        first = self.tree[0] * SECTOR
        return lines(lambda at, length: self.read(first + at, length), self.tree[1])

    def pieces(self, line, length, repaired=False):
        at = line["at"] * SECTOR
        for done in range(0, length, PIECE):
            some = min(PIECE, length - done)
            yield self.read(at + done, some) if repaired else read(self.file, at + done, some)

    def is_repairable(self):
        return self.parity.found

    def sums(self):
        return self.read(self.found[b"SHA256SUMS"][0] * SECTOR, self.found[b"SHA256SUMS"][1]) if b"SHA256SUMS" in self.found else b""


class Rebuilt:
    """The image of a disc as it comes from others of its set and parity discs: a file to be read."""

    def __init__(self, name, size, parts):
        self.name, self.size, self.parts, self.at = name, size, parts, 0

    def __fspath__(self):
        return self.name

    def seek(self, at, whence=0):
        self.at = at + (self.size if whence == 2 else 0)
        return self.at

    def read(self, length):
        length, total = max(0, min(length, self.size - self.at)), 0
        for factor, image, start, size in self.parts:
            some = min(length, size - self.at)
            if some > 0 and factor:
                piece = image.read(start + self.at, some)
                total ^= int.from_bytes(piece.translate(TIMES[factor]), "little")
        self.at += length
        return total.to_bytes(length, "little")


def can_be_parity(about):
    """Whether what a parity disc says of itself can be."""
    numbers = [about["row"], about["rows"], about["bytes"]] + [each["bytes"] for each in about["discs"]]
    return (all(type(each) is int and each >= 0 for each in numbers) and about["row"] < about["rows"]
            and 0 < len(about["discs"]) <= 255 - about["rows"]
            and all(type(each["label"]) is str and type(each["name"]) is str for each in about["discs"]))


def rebuilt(words):
    """Discs as they come from parity discs: those that are not there, and the others once more."""
    images, groups = {}, {}
    for word in words:
        is_parity = False
        try:
            image = None if os.path.isdir(word) else Image(word)
            if image and image.is_parity_disc():
                is_parity = True
                about = json.loads(image.read(image.found[b"PARITY"][0] * SECTOR, image.found[b"PARITY"][1]))
                if not can_be_parity(about):
                    raise ValueError("its parity.json is damaged")
                groups.setdefault(json.dumps([about["rows"], about["discs"]]), (about, {}))[1][about["row"]] = image
            elif image:
                images[image.label()] = image
        except (OSError, ValueError, KeyError, TypeError, RecursionError, struct.error) as error:
            if is_parity:
                problem(os.fsencode(word), str(error))  # else it is told when it is used
    missing, again = [], {}
    for about, rows in groups.values():
        discs, count = about["discs"], about["rows"]
        data = [images.get(each["label"].encode()) for each in discs]
        absent = [disc["name"] for disc, image in zip(discs, data) if image is None]
        if len(absent) > len(rows):
            problem(b"parity", "%s are not here, and the parity discs that are make %d again" % (", ".join(absent), len(rows)))
        for wanted, disc in enumerate(discs):
            lost = [i for i, image in enumerate(data) if image is None or i == wanted]
            if len(lost) > len(rows):
                continue
            used = sorted(rows)[:len(lost)]
            factor = lambda row, column: quotient(count + column, row ^ count + column)
            solution = inverse([[factor(row, column) for column in lost] for row in used])[lost.index(wanted)]
            parts = [(each, rows[row], rows[row].found[b"SET"][0] * SECTOR, about["bytes"]) for row, each in zip(used, solution)]
            for i, image in enumerate(data):
                if i not in lost:
                    by = 0
                    for row, each in zip(used, solution):
                        by ^= product(each, factor(row, i))
                    parts.append((by, image, 0, discs[i]["bytes"]))
            made = Rebuilt(disc["name"], disc["bytes"], parts)
            if data[wanted] is None:
                missing.append(made)
            else:
                again[disc["label"].encode()] = made
    return missing, again


class Directory:
    """A disc that is mounted, or a copy of what is on it."""

    def __init__(self, path):
        self.path = os.fsencode(path)

    def info(self):
        with open(os.path.join(self.path, b"disc_info.json"), "rb") as file:
            return file.read()

    def lines(self):
        with open(os.path.join(self.path, b"tree.jsonl"), "rb", buffering=0) as file:
            length = os.fstat(file.fileno()).st_size
            yield from lines(lambda at, some: read(file, at, some), length)

    def is_repairable(self):
        return False  # it is not by sectors

    def sums(self):
        with open(os.path.join(self.path, b"sha256sums.txt"), "rb") as file:
            return file.read()

    def pieces(self, line, length, repaired=False):
        path = os.path.join(self.path, b"DATA", name(line.get("data", line["path"])))
        if "file" in line:
            path = os.path.join(os.path.dirname(path), name(line["file"]))
        with open(path, "rb", buffering=0) as file:
            for done in range(0, length, PIECE):
                yield read(file, done, min(PIECE, length - done))


def opened(word):
    return Image(word) if isinstance(word, Rebuilt) or not os.path.isdir(word) else Directory(word)


def is_parity_disc(word):
    try:
        return not os.path.isdir(word) and Image(word).is_parity_disc()
    except (OSError, ValueError, struct.error):
        return False  # it is told when it is used


def newest_first(words):
    """Discs by when they were planned, of one plan by number."""
    def age(word):
        try:
            about = json.loads(opened(word).info())
            return str(about["date"]), int(about["disc_num"])
        except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
            problem(os.fsencode(word), "when it was made is not known, so it counts as the oldest (%s)" % error)
            return "", 0
    return sorted(words, key=age, reverse=True) if len(words) > 1 else words


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


def is_there(path, line, known=False):
    """Whether something is the file of a line; one that this run did not make is read for that."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    seconds, nanos = line["mtime"]
    if not stat.S_ISREG(found.st_mode) or found.st_size != line["size"] or found.st_mtime_ns != seconds * 10**9 + nanos:
        return False
    if known or line.get("sha256") is None:
        return True
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(PIECE), b""):
            digest.update(piece)
    return digest.hexdigest() == line["sha256"]


def give_name(file, path, line, where):
    """Gives a file that is whole what belongs to it, and its name, which nothing else has."""
    dress(path, line, where)
    os.fsync(file.fileno())  # or the name may be there after a power cut, and the contents not
    try:
        os.link(path, where)
        os.unlink(path)
    except OSError:
        if os.path.lexists(where):
            raise ValueError(TAKEN)
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
            file.flush()
            if digest.hexdigest() != line["sha256"]:
                raise ValueError(damaged)
            give_name(file, unnamed, line, where)
    except BaseException:
        remove(unnamed)
        raise


def part_digest(disc, line):
    """The SHA-256 of a part, as sha256sums.txt on its disc has it; None when that cannot be told."""
    path = name(line.get("data", line["path"]))
    path = os.path.join(b"DATA", os.path.dirname(path), name(line["file"]) if "file" in line else os.path.basename(path))
    try:
        found = [text[:64].decode("ascii") for text in disc.sums().split(b"\n") if text[66:] == path]
    except (OSError, ValueError):
        return None
    return found[0] if found and not set(found[0]) - set("0123456789abcdef") else None


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
                digest, good = hashlib.sha256(), part_digest(disc, line)
                for piece in disc.pieces(line, length, disc.is_repairable()):
                    digest.update(piece)
                    file.write(piece)
                if good not in (None, digest.hexdigest()):
                    raise ValueError("the contents of its part are damaged")
                file.flush()
                os.fsync(file.fileno())
            open(key + b"-%d-%d" % (start, length), "wb").close()
        if self.missing(key, line["size"]) < line["size"]:
            self.waiting.setdefault(where, line)
            return
        line = self.waiting.pop(where, line)
        digest = hashlib.sha256()
        with open(key, "r+b") as file:
            for piece in iter(lambda: file.read(PIECE), b""):
                digest.update(piece)
            if digest.hexdigest() != line["sha256"]:
                self.drop(key)
                raise ValueError("its contents are damaged")
            give_name(file, key, line, where)
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
        try:
            make(disc.pieces(line, line["size"]), line, where, "its contents are damaged")
        except (OSError, ValueError):
            if not disc.is_repairable() or os.path.lexists(where):
                raise
            make(disc.pieces(line, line["size"], True), line, where, "its contents are damaged")


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


def is_same(where, line):
    """Whether a link, a pipe, a socket or a device is the one of a line."""
    found = os.lstat(where)
    if line["type"] == "link":
        return stat.S_ISLNK(found.st_mode) and os.readlink(where) == name(line["target"])
    return stat.S_IFMT(found.st_mode) == KINDS[line["type"]] and found.st_rdev == line.get("device", 0)


class Restore:
    """Discs come the newest first; so what is known of a path stays, and older lines of it are passed over."""

    def __init__(self, to, only):
        self.to, self.only, self.parts = to, only, Parts(to)
        self.fresh = not os.path.isdir(to)
        os.makedirs(to, exist_ok=True)
        self.made = set()  # paths that are as they should be, by their hash
        self.pending = {}  # paths that are not: the newest line, its SHA-256, and what is the matter
        self.directories = {}  # lines, as they are: there may be many
        self.whole = {}  # contents that were found in the end, by their SHA-256: where they are
        self.later = [], []  # references, and further names: path, line and disc

    def disc(self, disc):
        for text in disc.lines():
            path = None
            try:
                line = json.loads(text)
                path = name(line["path"])
                self.line(disc, text, line, path)
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                if path is None:
                    problem(b"tree.jsonl", "a line of it is damaged")
                else:
                    self.wait(path, text, line, str(error))

    def wait(self, path, text, line, why=None):
        sha256 = line.get("sha256")
        sha256 = sha256 if isinstance(sha256, str) else None
        first = self.pending.get(path, (text, sha256, None))
        self.pending[path] = first[0], first[1], first[2] or why

    def line(self, disc, text, line, path):
        kind = line["type"]
        below = kind == "directory" and (not path or self.only.startswith(path + b"/"))
        if not is_wanted(path, self.only) and not below or self.is_older(line, path):
            return
        where = target(self.to, path)
        if kind == "directory":
            enter(where)
            self.directories.setdefault(where, text)
            return
        if kind == "file" and ("link" in line or "disc" in line) and not os.path.lexists(where):
            self.later["link" in line].append((path, disc))
            self.wait(path, text, line)
            return
        if kind == "file":
            self.file(disc, line, where)
        elif os.path.lexists(where):
            if not is_same(where, line):
                raise ValueError(TAKEN)
        else:
            if kind == "link":
                os.symlink(name(line["target"]), where)
            else:
                os.mknod(where, KINDS[kind] | 0o600, line.get("device", 0))
            dress(where, line, where, kind == "link")
        self.done(path, where, text, line)

    def file(self, disc, line, where):
        if is_there(where, line):
            if line.get("parts", 1) > 1 and line.get("sha256"):
                self.parts.drop(self.parts.key(line))
        elif os.path.lexists(where):
            raise ValueError(TAKEN)
        else:
            contents(disc, where, line, self.parts)

    def done(self, path, where, text, line):
        """Notes what is there now; a file in parts that waits for others is not."""
        waits = self.parts.waiting.get(where)
        if waits and not os.path.lexists(where):
            self.wait(path, text, line)
        else:
            if waits:
                self.parts.drop(self.parts.key(self.parts.waiting.pop(where)))
            self.pending.pop(path, None)
            self.made.add(hash(path))

    def is_older(self, line, path):
        """Whether a newer disc told of a path already; the other parts of a file go on with it."""
        if path in self.pending:
            return line.get("parts", 1) == 1 or line.get("sha256") != self.pending[path][1]
        steps = path.split(b"/")
        for i in range(1, len(steps) + 1):
            step = b"/".join(steps[:i])
            at = os.path.join(self.to, step)
            if hash(step) in self.made and os.path.lexists(at) and (os.path.islink(at) or not os.path.isdir(at)):
                return True
            if step in self.pending and i < len(steps):
                return True  # it is no directory any more
        return line["type"] != "directory" and hash(path) not in self.made and os.path.join(self.to, path) in self.directories

    def finish(self, words):
        for path, disc in self.later[0] + self.later[1]:  # first names first
            if path not in self.pending:
                continue
            text = self.pending[path][0]
            line = json.loads(text)
            where = os.path.join(self.to, path)
            try:
                if self.copied(line, where, disc):
                    self.done(path, where, text, line)
                else:
                    self.wait(path, text, line, "its contents are on the disc " + line["disc"])
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                self.wait(path, text, line, str(error))
        wanted = {}
        for path, (text, sha256, why) in self.pending.items():
            if sha256 and why and not os.path.lexists(os.path.join(self.to, path)):
                wanted.setdefault(sha256, []).append(path)
        for word in words if wanted else []:
            try:
                self.look_again(opened(word), wanted)
            except (OSError, ValueError, struct.error):
                pass  # as above: it was told
        self.parts.finish()
        for path, (text, sha256, why) in self.pending.items():
            if why is not None:
                problem(path, why)
        for where in sorted(self.directories, key=len, reverse=True):
            try:
                line = json.loads(self.directories[where])
                if where != self.to or self.fresh or self.is_dressed(line):
                    dress(where, line, where)
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                problem(where, str(error))

    def copied(self, line, where, disc):
        """Makes a reference or a further name; not when its contents are nowhere near."""
        target(self.to, name(line["path"]))
        first = target(self.to, name(line["link"])) if "link" in line else None
        if first and is_there(first, line, hash(name(line["link"])) in self.made):
            try:
                os.link(first, where, follow_symlinks=False)
                return True
            except OSError:
                if os.path.lexists(where):
                    raise
            problem(name(line["path"]), "it is a file of its own: it could not be linked to its first name")
            first = None
        if "disc" in line:
            same = target(self.to, name(line.get("same", line["path"])))
            if not os.path.isfile(same) or os.path.islink(same) or same == where:
                return False
            try:
                with open(same, "rb") as file:
                    make(iter(lambda: file.read(PIECE), b""), line, where, "another")
            except ValueError:
                if os.path.lexists(where):
                    raise
                return False
        else:
            contents(disc, where, line, self.parts)
        if first and is_wanted(name(line["link"]), self.only) and os.path.lexists(where):
            problem(name(line["path"]), "it is a file of its own: its first name was not restored")
        return True

    def look_again(self, disc, wanted):
        """Takes contents that are still wanted from whatever path a disc has them under."""
        for text in disc.lines():
            try:
                line = json.loads(text)
                for path in wanted.get(line.get("sha256"), []) if "at" in line else []:
                    if path in self.pending:
                        newest = self.pending[path][0]
                        asked = {key: value for key, value in json.loads(newest).items() if key not in PLACE}
                        own = {key: value for key, value in line.items() if key in PLACE}
                        asked.update(own, data=line["path"])
                        where = os.path.join(self.to, path)
                        first = self.whole.get(asked["sha256"])
                        if first is None:
                            contents(disc, where, asked, self.parts)
                        elif json.loads(newest).get("link") and target(self.to, name(json.loads(newest)["link"])) == first:
                            os.link(first, where, follow_symlinks=False)
                        else:
                            with open(first, "rb") as file:
                                make(iter(lambda: file.read(PIECE), b""), asked, where, "another")
                        self.done(path, where, newest, asked)
                        if os.path.isfile(where):
                            self.whole[asked["sha256"]] = where
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                pass  # what is still wanted is told at the end

    def is_dressed(self, line):
        """Whether TO, which was there, is from an earlier run: what it is else is its owner's business."""
        found = os.stat(self.to)
        owned = os.geteuid() != 0 or (found.st_uid, found.st_gid) == (line["uid"], line["gid"])
        return owned and stat.S_IMODE(found.st_mode) in (line["mode"], line["mode"] & 0o1777)


def main(words):
    only = b""
    if "--only" in words:
        at = words.index("--only")
        only = os.fsencode(words[at + 1]).strip(b"/") if at + 1 < len(words) else b""
        del words[at:at + 2]
        if not only:
            words = []
    if len(words) < 2 or words[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    missing, again = rebuilt(words[1:])
    words[1:] = newest_first([each for each in words[1:] if not is_parity_disc(each)] + missing)
    all = Restore(os.path.abspath(os.fsencode(words[0])), only)
    for word in words[1:]:
        try:
            disc, before = opened(word), len(problems)
            all.disc(disc)
            if len(problems) > before and isinstance(disc, Image) and disc.label() in again:
                all.disc(Image(again[disc.label()]))  # what the lines told that are lost
        except (OSError, ValueError, struct.error) as error:
            problem(os.fsencode(word), str(error))
    all.finish(words[1:] + list(again.values()))
    return 3 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
