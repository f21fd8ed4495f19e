#!/usr/bin/env python3
"""Reads a blksh store without blksh, as docs/store-format.md describes it.

    read_store.py STORE                         lists what was captured
    read_store.py STORE NAME[@VERSION] FILE     restores it, proving every page and the whole
    read_store.py STORE NAME[@VERSION]          lists what is in the snapshot of a file tree
    read_store.py STORE NAME[@VERSION]:PATH FILE   restores one of its files, proving what is read

Needs nothing but Python 3, and the module zstandard for codec zstd (lz4, where it is, is used).
An encrypted store is opened by the key file that BLKSH_KEY_FILE names, or by a passphrase or what
is on its recovery sheet, in BLKSH_PASSPHRASE or asked for; needs the module cryptography, and for
passphrases argon2 where cryptography is older than 44 (Debian: python3-cryptography, python3-argon2).
"""
import base64, getpass, hashlib, hmac, io, json, os, re, struct, sys, unicodedata
try:
    import lz4.block
except ImportError:
    lz4 = None
SEAL = None
PAGES, DATA, CRC = [4096 << doubled for doubled in range(5)], 1, list(range(256))
for _ in range(8):
    CRC = [n >> 1 ^ (0x82F63B78 if n & 1 else 0) for n in CRC]

def need(condition, problem):
    if not condition:
        sys.exit("read_store: " + problem)

def check(data, expected, what):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC[(crc ^ byte) & 255] ^ crc >> 8
    need(crc ^ 0xFFFFFFFF == expected, what + " is damaged")

def lz4_block(source, size):
    out, at = bytearray(), 0
    def count(total):
        nonlocal at
        more = total == 15
        while more:
            total, more, at = total + source[at], source[at] == 255, at + 1
        return total

    while True:
        token, at = source[at], at + 1
        literals = count(token >> 4)
        out += source[at:at + literals]
        at += literals + 2
        if at - 2 >= len(source):
            return bytes(out)
        distance, length = source[at - 2] | source[at - 1] << 8, count(token & 15) + 4
        need(0 < distance <= len(out) and len(out) + length <= size, "an LZ4 block is damaged")
        while length > 0:  # a match may overlap what it makes
            out += out[-distance:][:length]
            length -= min(distance, length)

def decompress(codec, data, size):
    if codec == 1:
        return lz4.block.decompress(data, uncompressed_size=size) if lz4 else lz4_block(data, size)
    need(codec < 3, "codec %d is not known" % codec)
    if codec == 2:
        import zstandard
        data = zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    return data

def derive(secret, salt, info):
    return hmac.digest(hmac.digest(salt, secret, "sha256"), info + b"\x01", "sha256")

def base32(text):
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))

class Seal:
    """What the master key of an encrypted store opens."""
    def __init__(self, store, about):
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        self.aead, self.cipher = AESGCM, lambda key, tag: Cipher(algorithms.AES(key), modes.CTR(tag)).decryptor()
        file = os.environ.get("BLKSH_KEY_FILE")
        text = "" if file else os.environ.get("BLKSH_PASSPHRASE") or getpass.getpass("passphrase: ")
        sheet = re.sub(r"[\s-]", "", text.lower())
        if re.fullmatch("[a-z2-7]{64}", sheet) and self.sheet(sheet):
            self.master = self.sheet(sheet)
        else:
            secret = open(file, "rb").read() if file else unicodedata.normalize("NFC", text).encode()
            self.master = self.unwrapped(store, "key file" if file else "passphrase", secret)
        need(self.master and derive(self.master, bytes(32), b"blksh key check 1")[:16].hex() == about["check"],
             "this opens none of the keys of the store")
        self.tag, self.name = (derive(self.master, bytes(32), info) for info in (b"blksh name tag 1", b"blksh name 1"))

    def sheet(self, text):
        lines = [base32(text[at:at + 16]) for at in range(0, 64, 16)]
        right = all(hashlib.sha256(b"blksh recovery 1" + bytes([i]) + line[:8]).digest()[:2] == line[8:]
                    for i, line in enumerate(lines))
        return b"".join(line[:8] for line in lines) if right else None

    def unwrapped(self, store, kind, secret):
        keys = os.path.join(store, "keys")
        for name in sorted(os.listdir(keys)):
            text = open(os.path.join(keys, name)).read() if name.endswith(".key") else ""
            slot = json.loads(text) if text else {}
            if slot.get("kind") != kind:
                continue
            salt, body = bytes.fromhex(slot["salt"]), text[:text.index('  "wrapped"')]
            crc = 0xFFFFFFFF
            for byte in body.encode():
                crc = CRC[(crc ^ byte) & 255] ^ crc >> 8
            body += '  "crc32c": "%08x"\n}\n' % (crc ^ 0xFFFFFFFF)
            key = derive(secret, salt, b"blksh key file 1") if kind == "key file" else argon2id(secret, salt, slot["argon2id"])
            try:
                return self.aead(key).decrypt(bytes.fromhex(slot["nonce"]), bytes.fromhex(slot["wrapped"]), body.encode())
            except Exception:
                pass  # another may be the one

    def opened(self, raw, what):
        """What a blob holds."""
        key, out, count = self.aead(derive(self.master, raw[:20], b"blksh blob 1")), [], -(-len(raw) // 32768)
        need(count, what + " is cut off")
        for i in range(count):
            part = raw[32768 * i:32768 * (i + 1)]
            need(part[:20] == raw[:20], what + " is damaged")
            try:
                out.append(key.decrypt(part[20:32], part[32:], b"blksh blob 1" + struct.pack("<QB", i, i == count - 1)))
            except Exception:
                need(False, what + " is damaged")
        return b"".join(out)

    def shown(self, folder, word):
        """A name of which a part is hidden; folder is the one before it, in the clear."""
        raw = base32(word)
        text = self.cipher(self.name, raw[:16]).update(raw[16:])
        right = hmac.digest(self.tag, folder.encode() + b"\0" + text, "sha256")[:16] == raw[:16]
        need(right, word + " is no name of a version")
        return text.rstrip(b"\0").decode()

def argon2id(secret, salt, how):
    memory, passes, lanes = map(int, re.fullmatch(r"m=(\d+),t=(\d+),p=(\d+)", how).groups())
    need(memory <= 1 << 20 and passes <= 64 and lanes <= 16, "a key asks for too much of Argon2")
    try:
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
        return Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(secret)
    except ImportError:
        from argon2.low_level import hash_secret_raw, Type
        return hash_secret_raw(secret, salt, passes, memory, lanes, 32, Type.ID)

def blob(path):
    raw = open(path, "rb").read()
    return SEAL.opened(raw, path) if SEAL else raw

def versions(store):
    """The files of manifests, by name and version."""
    names, found = os.path.join(store, "manifests"), {}
    for at, _, files in os.walk(names):
        for file in files:
            words = os.path.relpath(os.path.join(at, file), names).split(os.sep)
            if SEAL and not file.endswith(".part"):
                folder, rest = "manifests/", ""
                for word in words:
                    rest += word.rstrip("-")
                    if not word.endswith("-"):
                        folder, rest = folder + SEAL.shown(folder, rest) + "/", ""
                words = folder.split("/")[1:-1]
            if len(words) == 2 and words[0][0] != "." and words[1].endswith(".manifest"):
                found[spelled(words[0]), int(words[1][:-9])] = os.path.join(at, file)
    return found

class Manifest:
    def __init__(self, path):
        raw = blob(path)
        need(raw[:8] in (b"BKMANIF1", b"BKMANIF2") and raw[-96:-88] == b"BKMFTEND", path + " is no manifest")
        check(raw[-96:-4], struct.unpack("<I", raw[-4:])[0], path)
        (extents, bad, packs, _, self.size, self.pages,
         *sums, self.page) = struct.unpack_from("<QQIIQQIIII", raw[-88:])
        need(self.page in PAGES, path + " has pages of %d bytes" % self.page)
        groups = struct.unpack_from("<Q", raw[-16:])[0]
        lengths = [[min(4096, count - at) * size for at in range(0, count, 4096)]
                   for count, size in ((extents, 16), (bad, 16), (groups, 24))]
        entry = "<QI" if raw[:8] == b"BKMANIF1" else "<QQI"
        end = 8 + 16 * (extents + bad) + 24 * groups
        text = end + 8 * packs + struct.calcsize(entry) * sum(map(len, lengths))
        check(raw[end:end + 8 * packs], sums[0], path)
        check(raw[end + 8 * packs:text], sums[1], path)
        check(raw[text:-96], sums[2], path)
        table, start, kinds = struct.iter_unpack(entry, raw[end + 8 * packs:text]), 8, []
        for kind in lengths:
            kinds.append(b"")
            for length in kind:
                _, *place, total = next(table)
                start = place[0] if place else start
                check(raw[start:start + length], total, path + " at byte %d" % start)
                kinds[-1] += raw[start:start + length]
                start += length
        self.about = json.loads(raw[text:-96])
        self.packs = struct.unpack("<%dQ" % packs, raw[end:end + 8 * packs])
        self.bad = list(struct.iter_unpack("<QQ", kinds[1]))
        records = list(struct.iter_unpack("<QII", kinds[0]))
        self.groups = {number: digest for number, digest in struct.iter_unpack("<Q16s", kinds[2])}
        starts = [head & (1 << 56) - 1 for head, _, _ in records] + [self.pages]
        self.extents = [(head >> 56, start, stop, pack, first)
                        for (head, pack, first), start, stop in zip(records, starts, starts[1:])]

class Pack:
    def __init__(self, store, number):
        self.name = "%016x" % number
        path = os.path.join(store, "packs", self.name[:2], self.name + ".pack")
        self.file = io.BytesIO(blob(path)) if SEAL else open(path, "rb")
        need(self.file.read(8) == b"BKPACK01", self.name + " is no pack")
        self.frames, self.payload, at = {}, (None, b""), 40
        while True:  # from frame to frame; the footer says the same, and is not needed
            self.file.seek(at)
            head = self.file.read(1116)
            if head[:4] != b"BKFR":
                break
            first, count, codec, doubled, size, stored, _ = struct.unpack_from("<IHBBIII", head, 4)
            end = 24 + 34 * count
            check(head[:end], struct.unpack_from("<I", head, end)[0], self.name)
            lengths = list(struct.unpack_from("<%dH" % count, head, 24))
            need(not doubled >> 4 or doubled & 15 == 4 and not doubled >> 4 + count
                 and not any(n and doubled >> 4 + i & 1 for i, n in enumerate(lengths)), self.name + " makes no sense")
            for i in range(count):  # 65536 does not fit, and is 0 where the page was not dropped
                if doubled & 15 == 4 and lengths[i] == 0 and not doubled >> 4 + i & 1:
                    lengths[i] = 65536
            for i in range(count):
                self.frames[first + i] = at + end + 4, i, lengths, head[24:end], codec, size, stored
            at += end + 4 + stored

    def page(self, number):
        at, i, lengths, head, codec, size, stored = self.frames[number]
        if self.payload[0] != at:
            self.file.seek(at)
            self.payload = at, decompress(codec, self.file.read(stored), size)
        data = self.payload[1][sum(lengths[:i]):sum(lengths[:i + 1])]
        digest = head[2 * len(lengths) + 32 * i:][:32]
        need(hashlib.sha256(data).digest() == digest, "page %d of %s is damaged" % (number, self.name))
        return digest, data

def restore(store, manifest, target):
    root, packs, run, pages, groups = hashlib.sha256(), {}, None, 0, {}
    with open(target, "xb") as out:
        for kind, first, end, pack, page in manifest.extents + [(None, 0, 0, 0, 0)]:
            if kind != run:
                root.update(struct.pack("<BQ", run, pages) if pages else b"")
                run, pages = kind, 0
            pages += end - first
            for i in range(end - first if kind == DATA else 0):
                if pack not in packs:
                    packs[pack] = Pack(store, manifest.packs[pack])
                digest, data = packs[pack].page(page + i)
                root.update(digest)
                groups.setdefault((first + i) // 128, hashlib.sha256()).update(digest)
                out.seek((first + i) * manifest.page)
                out.write(data)
        out.truncate(manifest.size)
    need(all(groups[n].digest()[:16] == d for n, d in manifest.groups.items()), "a group has not its digest")
    root.update(struct.pack("<Q", manifest.size))
    need(root.hexdigest() == manifest.about["root"], "the image does not have its root digest")
    for bad in manifest.bad:
        print("%d bytes at byte %d could not be read when captured" % bad[::-1])

class Tree:
    """A snapshot of a file tree: the table that tells of its files, and their contents."""
    def __init__(self, store, manifest):
        self.store, self.manifest, self.packs = store, manifest, {}
        for self.unit in PAGES:  # of its pages: a store of others may have been copied from
            need(self.unit <= manifest.size, "this is no tree")
            end = self.part(manifest.size - self.unit, 4096)  # what is before it may be damaged
            if end[:8] == b"BKTREE01" and struct.unpack_from("<I", end, 60)[0] in (self.unit, 4096 - self.unit):
                break
        need(end[:8] == b"BKTREE01", "this is no tree")
        end = self.part(manifest.size - self.unit, self.unit)
        check(end[:-4], struct.unpack("<I", end[-4:])[0], "the last page of the tree")
        first, blocks, index, length, self.entries = struct.unpack_from("<QQQQQ", end, 8)
        raw, self.at = self.read(index, self.count(length)), 0
        place, path, self.blocks = 0, b"", []
        for _ in range(blocks):
            pages, count, more, same = (self.number(raw) for _ in range(4))
            place, path = place + more, path[:same] + self.text(raw)
            self.blocks.append((first, pages, count, place))
            first += pages
        need(first == index and sum(block[2] for block in self.blocks) == self.entries, "the index is damaged")

    def count(self, size):
        """The pages of the tree that so many bytes need."""
        return (size + self.unit - 1) // self.unit

    def read(self, first, count):
        """Pages of the tree."""
        return self.part(first * self.unit, count * self.unit)

    def part(self, at, count):
        """Bytes of the image, by whole pages of the store, each proven by its pack."""
        out, size = bytearray(), self.manifest.page
        first, past = at // size, (at + count + size - 1) // size
        for kind, start, stop, pack, page in self.manifest.extents:
            for number in range(max(start, first), min(stop, past)):
                if kind == DATA and pack not in self.packs:
                    self.packs[pack] = Pack(self.store, self.manifest.packs[pack])
                out += self.packs[pack].page(page + number - start)[1] if kind == DATA else bytes(size)
        return bytes(out[at - first * size:][:count])

    def number(self, raw):
        value = shift = 0
        while True:
            byte, self.at = raw[self.at], self.at + 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self, raw):
        value = self.number(raw)
        return value >> 1 ^ -(value & 1)

    def text(self, raw):
        length = self.number(raw)
        self.at += length
        return raw[self.at - length:self.at]

    def walk(self):
        """Each entry: path, type, mode, bytes, seconds, where a link leads or another name, page, digest."""
        for first, pages, count, place in self.blocks:
            raw, self.at, known, path, seconds = self.read(first, pages), 8, [], b"", 0
            for _ in range(count):
                same = self.number(raw)
                path, form = path[:same] + self.text(raw), raw[self.at]
                self.at += 1
                which = self.number(raw)
                if which == 0:
                    known.append([self.number(raw) for _ in range(4)])
                    [self.text(raw) for _ in range(2 * self.number(raw))]
                seconds, page, passed, state, size = seconds + self.signed(raw), place, None, 0, 0
                self.number(raw), self.signed(raw), self.number(raw), self.signed(raw)
                if form & 16:
                    self.number(raw)
                if form & 32:
                    passed, page = self.number(raw), self.number(raw)
                if form & 64:
                    state, self.at = raw[self.at], self.at + 1
                    self.text(raw)
                same = self.number(raw) if form & 128 else 0
                other, digest = path[:same] + self.text(raw) if form & 128 else None, None
                if form & 15 == 3:
                    other = self.text(raw)
                elif form & 15 in (1, 5, 6):
                    size = self.number(raw)
                if form & 15 == 1 and size and not form & 128 and state != 1:
                    digest, self.at = raw[self.at:self.at + 32], self.at + 32
                place += passed if passed is not None else self.count(size) if digest else 0
                yield path, form & 15, known[which - 1 if which else -1][0], size, seconds, other, page, digest

    def write(self, wanted, target):
        for path, kind, _, size, _, other, page, digest in self.walk():
            if path == wanted and kind == 1 and other is not None:
                return self.write(other, target)
            if path == wanted and kind == 1:
                need(digest or not size, "it was not read when the snapshot was taken")
                data, root, run = self.read(page, self.count(size)), hashlib.sha256(), None
                for at in list(range(0, len(data), self.unit)) + [None]:
                    part = data[at:at + self.unit] if at is not None else None
                    kind = None if part is None else DATA if any(part) else 2
                    if run and kind != run[0]:
                        root.update(struct.pack("<BQ", *run))
                        run = None
                    run = (kind, run[1] + 1 if run else 1)
                    root.update(hashlib.sha256(part).digest() if kind == DATA else b"")
                root.update(struct.pack("<Q", size))
                need(not digest or root.digest() == digest, "the file does not have its digest")
                with open(target, "xb") as out:
                    return out.write(data[:size])
        need(False, "there is no such file in it")

def spelled(folder):
    """A name whose folder spells out what its file system lacks."""
    return re.sub(rb"@([0-9a-f]{2})", lambda at: bytes([int(at[1], 16)]), folder.encode()).decode()

def main(store, reference=None, target=None):
    text = open(os.path.join(store, "store.json"), "rb").read()
    global SEAL
    about = json.loads(text)
    sealed = about.get("encryption") == 1 and about["format"] == 5
    need(sealed or about["format"] in (1, 2, 3, 4), "this is no format from 1 to 4, nor 5")
    check(text[:text.index(b'  "crc32c"')], int(about["crc32c"], 16), "store.json")
    if sealed:
        SEAL, store = Seal(store, about), os.path.join(store, "sealed")
    found = versions(store)
    if reference is None:
        return [print("%s@%d %d bytes" % (*key, Manifest(found[key]).size)) for key in sorted(found)]
    reference, _, path = reference.partition(":/")
    name, _, version = reference.partition("@")
    key = name, int(version or max((v for n, v in found if n == name), default=0))
    need(key in found, "there is no " + reference)
    manifest = Manifest(found[key])
    kind = manifest.about.get("kind", "image")
    need(kind in ("image", "tree"), "it is of a kind that is not known: %s" % kind)
    need((kind == "tree") == bool(path or target is None), "%s is of the kind %s" % (reference, kind))
    if kind == "image":
        return restore(store, manifest, target)
    if target is None:
        return [print("%s %04o %d %d /%s" % ("?fdlpcbs"[kind], mode, size, seconds, os.fsdecode(path)))
                for path, kind, mode, size, seconds, _, _, _ in Tree(store, manifest).walk()]
    return Tree(store, manifest).write(os.fsencode(path.strip("/")), target)

need(len(sys.argv) in (2, 3, 4), "\n" + __doc__)
main(*sys.argv[1:])
