package blksh.kit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Stores of diskdump written and read by other means: by Python with the library diskdump uses,
 * from what is known of the format.
 */
public final class DumpFiles {

  /** Bytes of a block as diskdump has them by itself. */
  private static final int BLOCK = 131_072;

  private static final String WRITER =
      """
      import hashlib, json, os, sqlite3, sys, lz4.frame
      base = sys.argv[1]
      store = base + '/.blockstore'
      def open_table():
          os.makedirs(store + '/manifests', exist_ok=True)
          db = sqlite3.connect(store + '/blocks.db')
          db.execute('PRAGMA journal_mode=WAL')
          db.execute('CREATE TABLE IF NOT EXISTS blocks'
                     ' (hash TEXT PRIMARY KEY, compressed_size INTEGER NOT NULL)')
          return db
      def path_of(h):
          return f'{store}/{h[:2]}/{h[2:4]}/{h}.lz4'
      def write(image, manifest, source, date, size):
          db = open_table()
          if not os.path.exists(store + '/config.json'):
              with open(store + '/config.json', 'w') as f:
                  json.dump({'block_size': size, 'hash_algo': 'sha256', 'version': 1}, f, indent=2)
          data = open(image, 'rb').read()
          lines = []
          for at in range(0, len(data), size):
              block = data[at:at + size]
              h = hashlib.sha256(block).hexdigest()
              lines.append(h)
              if not db.execute('SELECT 1 FROM blocks WHERE hash=?', (h,)).fetchone():
                  os.makedirs(os.path.dirname(path_of(h)), exist_ok=True)
                  frame = lz4.frame.compress(block)
                  with open(path_of(h), 'wb') as f:
                      f.write(frame)
                  db.execute('INSERT INTO blocks VALUES (?, ?)', (h, len(frame)))
          db.commit()
          db.close()
          path = base + '/' + manifest
          os.makedirs(os.path.dirname(path), exist_ok=True)
          head = ['# diskdump manifest v1', f'# source: {source}', f'# date: {date}',
                  f'# block_size: {size}', f'# total_blocks: {len(lines)}',
                  f'# total_size: {len(data)}']
          with open(path, 'w') as f:
              f.write('\\n'.join(head + lines) + '\\n')
      write(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5], int(sys.argv[6]))
      """;

  /** Restores a manifest, and compares the table of blocks with their files. */
  private static final String READER =
      """
      import hashlib, os, sqlite3, sys, lz4.frame
      base, manifest, target = sys.argv[1:4]
      store = base + '/.blockstore'
      head, lines = {}, []
      for line in open(store + '/manifests/' + manifest):
          if line.startswith('# ') and ': ' in line:
              key, value = line[2:].strip().split(': ', 1)
              head[key] = value
          elif not line.startswith('#'):
              lines.append(line.strip())
      rows = dict(sqlite3.connect(f'file:{store}/blocks.db?mode=ro', uri=True)
                  .execute('SELECT hash, compressed_size FROM blocks'))
      left = int(head['total_size'])
      with open(target, 'wb') as out:
          for h in lines:
              path = f'{store}/{h[:2]}/{h[2:4]}/{h}.lz4'
              frame = open(path, 'rb').read()
              block = lz4.frame.decompress(frame)
              assert hashlib.sha256(block).hexdigest() == h, h
              assert rows[h] == len(frame) == os.path.getsize(path), h
              assert len(block) == min(left, int(head['block_size'])), h
              out.write(block)
              left -= len(block)
      assert left == 0 and int(head['total_blocks']) == len(lines)
      assert open(store + '/blocks.db', 'rb').read(20)[18:] == b'\\x02\\x02'
      print(head['source'] + '|' + head['date'])
      """;

  /** Whether the library is there, looked for once. */
  private static final class Library {
    static final boolean THERE = isThere();

    private static boolean isThere() {
      try {
        return Tool.isThere("python3")
            && Tool.named("python3").attempt("-c", "import lz4.frame").status() == 0;
      } catch (IOException e) {
        return false;
      }
    }
  }

  private DumpFiles() {}

  /** Runs a program of Python; without the library the test ends. */
  static String python(String program, Object... arguments) throws IOException {
    Component.need(Library.THERE, "python3-lz4 is not installed");
    Tool python = Tool.named("python3");
    List<Object> all = new ArrayList<>(List.of("-c", program));
    all.addAll(Arrays.asList(arguments));
    return python.answer(all.toArray());
  }

  /**
   * Writes a dump.
   *
   * @param manifest from the base on: {@code .blockstore/manifests/disk/0.manifest}
   */
  public static Path write(
      Path base, byte[] image, String manifest, String source, String date, int blockSize)
      throws IOException {
    Path file = Files.createTempFile("image", "");
    try {
      Files.write(file, image);
      python(WRITER, base, file, manifest, source, date, blockSize);
    } finally {
      Files.delete(file);
    }
    return base.resolve(manifest);
  }

  /** Writes a dump of the usual block size. */
  public static Path write(Path base, byte[] image, String name, int number) throws IOException {
    return write(
        base,
        image,
        ".blockstore/manifests/" + name + "/" + number + ".manifest",
        "server01:/dev/sda",
        "2026-04-2" + number + "T02:00:11.123456+00:00",
        BLOCK);
  }

  /** That a dump is what diskdump could restore. @return its source and its date */
  public static String assertRestores(Path base, String manifest, byte[] image) throws IOException {
    Path target = Files.createTempFile("restored", "");
    try {
      String head = python(READER, base, manifest, target);
      assertThat(Arrays.mismatch(Files.readAllBytes(target), image)).isEqualTo(-1);
      return head;
    } finally {
      Files.delete(target);
    }
  }
}
