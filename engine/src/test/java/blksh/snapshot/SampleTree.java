package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.io.Program;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Trees to take snapshots of, made and judged by programs that know nothing of snapshots. */
final class SampleTree {

  private SampleTree() {}

  /** A tree with every kind of entry there is; as root with those only root may make. */
  private static final String EVERYTHING =
      """
      import os, random, socket, struct, sys
      root = os.fsencode(sys.argv[1]); os.makedirs(root, exist_ok=True); os.chdir(root)
      r = random.Random(7)
      def put(path, data):
          os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
          with open(path, 'wb') as f: f.write(data)
      for n in (0, 1, 4095, 4096, 4097, 300000, 262144, 1 << 20):
          put('sizes/%d' % n, r.randbytes(n))
      put('zeros', bytes(1 << 20)); put('text/a', b'hello\\n'); put('empty/.keep', b'')
      os.makedirs('hollow/dir')
      with open('sparse', 'wb') as f:
          f.truncate(200 << 20)
          for at in (4096, 100 << 20, (200 << 20) - 5): f.seek(at); f.write(b'data!')
      with open('hole', 'wb') as f: f.truncate(50 << 20)
      with open('tail', 'wb') as f: f.write(b'x' * 10000); f.truncate(30 << 20)
      for i, n in enumerate((b'\\xfe', b'\\xff', 'Größe'.encode('latin1'), 'Größe'.encode(), b'caf\\xc3\\xa9',
                b'cafe\\xcc\\x81', b'\\xed\\xa0\\x80', b'new\\nline', b'back\\\\slash', b'n' * 255, b'-r', b' ')):
          put(b'names/' + n, b'contents %d' % i)
      put('links/x/A', b'a' * 50000); put('links/x/B', b'a' * 50000); put('links/C', b'a' * 50000)
      os.makedirs('links/y/z'); os.link('links/x/A', 'links/y/z/a'); os.link('links/x/B', 'links/y/b')
      os.chmod('links/C', 0o600); os.chmod('links/x/B', 0o755)
      os.symlink('../text/a', 'links/soft'); os.symlink('/nowhere', 'links/dangling'); os.symlink('loop', 'links/loop')
      os.link('links/loop', 'links/loop2', follow_symlinks=False); os.symlink(b'\\xff' * 200, 'links/bytes')
      os.mkfifo('special/pipe') if os.path.isdir('special') else (os.mkdir('special'), os.mkfifo('special/pipe'))
      s = socket.socket(socket.AF_UNIX); s.bind('special/socket')
      for i in range(1400):
          if i % 3: put('many/f%04d' % i, b'x' * i)
          else: put('many/d%04d/sub/f' % i, b'%d' % i)
      here = os.getcwd(); os.mkdir('deep'); os.chdir('deep')
      for i in range(30):
          n = ('%03d-' % i + 'd' * 200)[:200]; os.mkdir(n); os.chdir(n)
      put('bottom', b'reached'); os.symlink('bottom', 'link'); os.link('bottom', 'hard'); os.chdir(here)
      os.setxattr('text/a', 'user.small', b'\\0\\xff bytes'); os.setxattr('text/a', 'user.big', bytes(range(256)) * 4)
      os.setxattr('text', 'user.dir', b'1')
      acl = lambda t, p, i=0xffffffff: struct.pack('<HHI', t, p, i)
      list_ = struct.pack('<I', 2) + acl(1, 6) + acl(2, 4, 4711) + acl(4, 4) + acl(16, 6) + acl(32, 0)
      os.setxattr('text/a', 'system.posix_acl_access', list_); os.setxattr('text', 'system.posix_acl_default', list_)
      put('text/inherits', b'made under a default list')
      if os.getuid() == 0:
          os.mknod('special/null', 0o20600, os.makedev(1, 3)); os.mknod('special/disk', 0o60640, os.makedev(259, 70000))
          put('suid', b'#!'); os.chown('suid', 4711, 4712); os.chmod('suid', 0o6751)
          put('cap', b'#!'); os.chown('cap', 4711, 4711)
          os.setxattr('cap', 'security.capability', struct.pack('<5I', 0x02000001, 1 << 13, 0, 0, 0))
          os.mkdir('sgid'); os.chown('sgid', 4711, 4712); os.chmod('sgid', 0o3775)
          os.setxattr('text/a', 'trusted.t', b'root only'); os.chown('links/soft', 5, 6, follow_symlinks=False)
      for path, time in (('text/a', 981173045_700000001), ('links/x/A', 1577836800_123456789), ('links/loop', -5_000000001),
                ('sizes/0', 0), ('special/pipe', 1577836800_000000001), ('empty', 915148800_000000000)):
          os.utime(path, ns=(time, time), follow_symlinks=False)
      os.chmod('hollow', 0o500); os.utime('hollow', ns=(1, 915148800_000000000))
      """;

  static Path everything(Path root) throws IOException {
    python(EVERYTHING, root);
    return root;
  }

  static String python(String script, Object... arguments) throws IOException {
    Object[] all = new Object[arguments.length + 2];
    all[0] = "-c";
    all[1] = script;
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return Tool.named("python3").run(all);
  }

  /** Everything about a tree but where it is, a line an entry: as stat and getxattr have it. */
  private static final String DESCRIBE =
      """
      import hashlib, os, stat, sys
      sys.setrecursionlimit(9999); first = {}
      def walk(fd, rel):
          for n in sorted(map(os.fsencode, os.listdir(fd))):
              p = rel + b'/' + n; s = os.lstat(n, dir_fd=fd); m = s.st_mode; x = ''
              if stat.S_ISREG(m):
                  h = hashlib.sha256(); f = os.open(n, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=fd); at = 0
                  while at < s.st_size:  # what is not zero, and where
                      try: at = os.lseek(f, at, os.SEEK_DATA) >> 16 << 16
                      except OSError: break
                      b = os.pread(f, 1 << 16, at)
                      if b.strip(b'\\0'): h.update(b'%d ' % at + b)
                      at += 1 << 16
                  os.close(f); x = h.hexdigest()[:16]
              elif stat.S_ISLNK(m): x = os.readlink(n, dir_fd=fd).hex()
              elif not stat.S_ISDIR(m): x = s.st_rdev
              link = first.setdefault((s.st_dev, s.st_ino), p.hex()[-40:]) if not stat.S_ISDIR(m) and s.st_nlink > 1 else '-'
              at = '/proc/self/fd/%d/' % fd
              names = sorted(os.listxattr(os.fsencode(at) + n, follow_symlinks=False))
              more = [(a, os.getxattr(os.fsencode(at) + n, a, follow_symlinks=False).hex()) for a in names]
              size = '-' if stat.S_ISDIR(m) else s.st_size
              print(p.hex()[-80:], oct(m), s.st_uid, s.st_gid, size, s.st_mtime_ns, x, link, more)
              if stat.S_ISDIR(m):
                  c = os.open(n, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd); walk(c, p); os.close(c)
      walk(os.open(sys.argv[1], os.O_RDONLY), b'')
      """;

  /** That a tree is the same as another in everything that can be set. */
  static void assertSame(Path was, Path is) throws IOException {
    String before = python(DESCRIBE, was);
    String after = python(DESCRIBE, is);
    assertThat(after.lines().toList()).isEqualTo(before.lines().toList());
    if (Program.find("rsync").isPresent()) {
      String told =
          Tool.named("rsync")
              .runAllowing(23, "-aHAXcni", "--delete", "--modify-window=-1", was + "/", is + "/");
      List<String> differences =
          told.lines()
              .filter(
                  line ->
                      !line.contains("max-path")
                          && !line.startsWith("rsync error")
                          && !line.startsWith("IO error"))
              .toList();
      assertThat(differences).isEmpty();
    }
    long allocated = blocks(is);
    assertThat(allocated).isLessThanOrEqualTo((long) (blocks(was) * 1.02) + 64);
  }

  private static long blocks(Path tree) throws IOException {
    return Long.parseLong(Tool.named("du").answer("-s", tree).split("\\s")[0]);
  }

  static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
