package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.FileTrees;
import blksh.kit.Tool;
import blksh.task.Task;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Catalogues as the releases of odarchive wrote them, laid out by Python's own JSON. */
class OdarchiveCatalogueTest {

  @TempDir Path dir;

  private Path make(String what) throws IOException {
    Path json = dir.resolve(what + ".json");
    Tool.named("python3")
        .run(
            "-c",
            """
            import sys, json, hashlib
            out, what = sys.argv[1:3]
            h = lambda b: hashlib.sha512(b).hexdigest()
            files = {
              h(b'first'): {'filenames': {'/DATA/first.html': None}, 'mtime': '2018-05-24T09:32:31', 'size': 5},
              h(b'second'): {'filenames': {'/DATA/second.txt': None, '/DATA/second copy.txt': None,
                '/DATA/testDir/fourth\\u00e9.txt': None}, 'mtime': '2018-05-26T11:06:00', 'size': 6},
              h(b''): {'filenames': {'/DATA/empty': None}, 'mtime': '2018-03-25T02:30:00', 'size': 0}}
            guid = '358ef4f2-5ceb-4536-a136-812a9717f4da'
            full = {'client_name': 'somebody', 'date': '2018-11-25T11:25:14.021116', 'guid': guid,
              'iso_path_root': '/DATA', 'job_id': 'fcc806dd-a94e-4876-a1f5-d82ef968ea72',
              'job_name': 'Photos', 'segment_size': None, 'source_path': 'usb', 'version': 2, 'files': files}
            if what == 'one-bare': x = {'files': files, 'guid': guid, 'version': 1}
            if what == 'one-dated': x = {'date': full['date'], 'files': files, 'guid': guid, 'version': 1}
            if what == 'two-short': x = {'date': full['date'], 'files': files, 'guid': guid, 'version': 2}
            if what in ('two-full', 'windows'): x = full
            if what == 'segmented':
              for i, v in enumerate(files.values()): v['disc_num'] = i % 2
              x = dict(full, segment_size=737280000)
            if what == 'three': x = dict(full, version=3)
            if what == 'climbs': files[h(b'first')]['filenames'] = {'/DATA/../up': None}; x = full
            if what == 'short-hash': x = dict(full, files={'abcd': files[h(b'')]})
            text = json.dumps(x, ensure_ascii=False, sort_keys=True, indent=4)
            open(out, 'w', encoding='utf-8', newline='\\r\\n' if what == 'windows' else '').write(text)
            """,
            json,
            what);
    return json;
  }

  private Catalogue catalogue() {
    return Catalogue.openOrCreate(dir.resolve("c.catalogue"), "c");
  }

  private static List<String> all(Catalogue catalogue) {
    List<String> all = new ArrayList<>();
    catalogue.find("*", each -> each.sha512() == null || all.add(each.text()));
    all.sort(null);
    return all;
  }

  @ParameterizedTest
  @ValueSource(strings = {"one-bare", "one-dated", "two-short", "two-full", "windows", "segmented"})
  void everyFormOfItLoads(String form) throws IOException {
    try (Catalogue catalogue = catalogue()) {
      MergeReport report = catalogue.merge(make(form), Task.unwatched());

      assertThat(report.contents()).isEqualTo(3);
      assertThat(report.names()).isEqualTo(5);
      assertThat(report.discs()).isEqualTo(form.equals("segmented") ? 2 : 0);
      assertThat(all(catalogue))
          .containsExactly(
              "empty", "first.html", "second copy.txt", "second.txt", "testDir/fourth\u00e9.txt");
      assertThat(catalogue.which("second.txt").get(0).told()).isEqualTo("2018-05-26T11:06:00");
      if (form.equals("segmented")) {
        assertThat(catalogue.which("second.txt").get(0).discs()).containsExactly("Photos_0001");
      }
    }
  }

  @Test
  void aLaterSaveTakesThePlaceOfTheEarlier() throws IOException {
    try (Catalogue catalogue = catalogue()) {
      Path json = make("two-full");
      catalogue.merge(json, Task.unwatched());
      Files.writeString(json, Files.readString(json).replace("second copy", "renamed"));

      MergeReport again = catalogue.merge(json, Task.unwatched());

      assertThat(again.fresh()).isZero();
      assertThat(again.gone()).isEqualTo(1);
      assertThat(catalogue.sources()).hasSize(1);
      assertThat(all(catalogue)).hasSize(5).contains("renamed.txt");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"three", "climbs", "short-hash"})
  void whatIsNotUnderstoodIsRefusedAndNothingIsTakenIn(String form) throws IOException {
    try (Catalogue catalogue = catalogue()) {
      Path json = make(form);
      assertThatThrownBy(() -> catalogue.merge(json, Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("read the catalogue");
      assertThat(catalogue.sources()).isEmpty();
      assertThat(all(catalogue)).isEmpty();
    }
  }

  @Test
  void whatWasCutShortAndPicklesAreRefusedByName() throws IOException {
    try (Catalogue catalogue = catalogue()) {
      Path json = make("two-full");
      byte[] bytes = Files.readAllBytes(json);
      Files.write(json, java.util.Arrays.copyOf(bytes, bytes.length / 2));
      assertThatThrownBy(() -> catalogue.merge(json, Task.unwatched()))
          .hasMessageContaining("it is no JSON");
      Files.write(json, new byte[] {(byte) 0x80, 3, 'c', 'x'});
      assertThatThrownBy(() -> catalogue.merge(json, Task.unwatched()))
          .hasMessageContaining("archiver.dill");
    }
  }

  @Test
  void whatIsWrittenLoadsInPythonWithEveryName() throws IOException {
    Path tree = Files.createDirectory(dir.resolve("tree"));
    FileTrees.script(
        tree,
        """
        printf 1 > 'a "quoted" \\name'; printf 2 > $'tab\\tand\\nline'; printf 3 > $'Gr\\xf6\\xdfe'
        printf 4 > Größe; printf 4 > copy; mkdir sub; printf 5 > sub/😀; : > empty; ln -s copy link
        touch -d '2018-05-26 11:06:00 UTC' copy Größe
        """);
    Path json = dir.resolve("out.json");
    try (Catalogue catalogue = catalogue()) {
      catalogue.scan(tree, WalkOptions.ALL, Task.unwatched());
      catalogue.job("The job", null, "me", null);
      catalogue.export(json, Task.unwatched());
    }

    String told =
        Tool.named("python3")
            .run(
                "-c",
                """
                import sys, json, os, hashlib
                d = json.load(open(sys.argv[1], encoding='utf-8', errors='surrogateescape'))
                root = os.fsencode(sys.argv[2])
                print(d['version'], d['job_name'], d['client_name'], d['iso_path_root'], list(d) == sorted(d))
                n = 0
                for sha, e in d['files'].items():
                  for name in e['filenames']:
                    b = open(root + os.fsencode(name)[5:], 'rb').read()
                    assert hashlib.sha512(b).hexdigest() == sha and len(b) == e['size'], name
                    n += 1
                print(n, [e['mtime'] for e in d['files'].values() if '/DATA/copy' in e['filenames']])
                """,
                json,
                tree);

    assertThat(told).startsWith("2 The job me /DATA True").contains("7 ['2018-05-26T11:06:00']");
    try (Catalogue back = Catalogue.openOrCreate(dir.resolve("d.catalogue"), "d")) {
      MergeReport report = back.merge(json, Task.unwatched());
      assertThat(report.names()).isEqualTo(7);
      assertThat(back.which("Gr\\xf6\\xdfe")).hasSize(1);
    }
  }
}
