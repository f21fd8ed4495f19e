package blksh.kit;

import java.io.IOException;
import java.nio.file.Path;

/** Trees of real files with all that files can have, and what they are when looked at. */
public final class FileTrees {

  private FileTrees() {}

  /** Runs a script of the shell in a directory. */
  public static String script(Path directory, String script) throws IOException {
    return Tool.named("bash").run("-c", "set -e; cd \"$1\"\n" + script, "bash", directory);
  }

  /**
   * Makes one with files of every kind: names in every encoding and of 255 bytes, a path of 6,300
   * bytes, links to a file and to nowhere and in a circle, hard links, holes, pipes, devices, empty
   * directories that nobody may enter, and times before 1970. As root.
   */
  public static void makeEveryKind(Path root) throws IOException {
    Component.needRoot();
    script(
        root,
        """
        mkdir -p links deep sparse modes empty names
        head -c 50000 /dev/urandom > links/A; cp links/A links/B; ln links/A links/a; ln links/B b
        cp links/A C; chmod 600 C; chown 4711:4712 C; chmod 755 links/B
        touch -d 2020-01-01 links/A; touch -d 2021-01-01 links/B; touch -d 2022-01-01 C
        printf 'one' > one; cp -p one two; ln -s one there; ln -s /nowhere/at/all dangling
        ln -s ring2 ring1; ln -s ring1 ring2; chown -h 55:66 there
        touch -h -d '1999-09-09 09:09:09.999999999' there
        mkfifo -m 640 pipe; mknod null c 1 3; mknod -m 600 disc b 7 99
        mkdir -m 0500 modes/closed; printf x > modes/closed/x; chmod 0 modes/closed/x
        mkdir -m 3775 modes/sticky; cp /bin/true modes/suid; chown 4711:4712 modes/suid
        chmod 6751 modes/suid
        touch -d '2001-02-03 04:05:06.7' modes/suid; touch -d 1901-12-14 old
        truncate -s 3G sparse/hole; printf 'data!' > sparse/end; truncate -s 1G sparse/end
        printf 'data!' | dd of=sparse/islands bs=1 seek=2000000000 conv=notrunc status=none
        printf a > names/$'\\xfe'; printf b > names/$'\\xff'; printf c > names/$'Gr\\xf6\\xdfe'
        printf d > names/Größe; printf e > names/$'new\\nline'; printf f > 'names/ back\\slash '
        printf g > "names/$(printf 'n%.0s' $(seq 255))"
        cd deep
        for i in $(seq 30); do d=$(printf '%03d-%0196d' $i 0); mkdir "$d"; cd "$d"; done
        printf reached > bottom; ln bottom hard; ln -s bottom link
        cd "$1"; touch -d 1999-01-01 modes/closed empty; chmod 0700 empty
        """);
  }

  /** What there is in a tree, an entry each, with contents, links within it and holes told. */
  public static String listing(Path root) throws IOException {
    // By the shell's cd, as paths may be longer than the system takes.
    return Tool.named("python3")
        .run(
            "-c",
            """
            import os, sys, stat, hashlib
            sys.setrecursionlimit(20000)
            first = {}
            def walk(fd, path):
                for name in sorted(os.listdir(fd), key=os.fsencode):
                    s = os.lstat(name, dir_fd=fd)
                    here = path + '/' + name
                    m = s.st_mode
                    more = ''
                    if stat.S_ISREG(m):
                        h = hashlib.sha256()
                        f = os.open(name, os.O_RDONLY, dir_fd=fd)
                        size, at = s.st_size, 0
                        while at < size:
                            try: at = os.lseek(f, at, os.SEEK_DATA)
                            except OSError: break
                            end = os.lseek(f, at, os.SEEK_HOLE)
                            while at < end:
                                b = os.pread(f, min(1 << 20, end - at), at)
                                if b.strip(b'\\0'): h.update(b'%d ' % at + b.strip(b'\\0'))
                                at += len(b)
                        os.close(f)
                        more = '%d %s' % (size, h.hexdigest())
                    elif stat.S_ISLNK(m): more = os.readlink(name, dir_fd=fd)
                    elif stat.S_ISCHR(m) or stat.S_ISBLK(m): more = str(s.st_rdev)
                    group = ''
                    if not stat.S_ISDIR(m) and s.st_nlink > 1 and '--links' in sys.argv:
                        group = first.setdefault((s.st_dev, s.st_ino), here[-60:])
                    at = '/proc/self/fd/%d/%s' % (fd, name)
                    kept = sorted((a, os.getxattr(at, a, follow_symlinks=False).hex())
                                  for a in os.listxattr(at, follow_symlinks=False))
                    print(repr(here[-200:]), oct(m), s.st_uid, s.st_gid, s.st_mtime_ns, repr(more),
                          repr(group), kept)
                    if stat.S_ISDIR(m):
                        d = os.open(name, os.O_RDONLY, dir_fd=fd)
                        walk(d, here)
                        os.close(d)
            walk(os.open(sys.argv[1], os.O_RDONLY), '')
            """,
            root,
            "--links");
  }

  /** As {@link #listing}, without which names are of one file. */
  public static String listingWithoutLinks(Path root) throws IOException {
    return listing(root).replaceAll("'[^']*' \\[", "[");
  }
}
