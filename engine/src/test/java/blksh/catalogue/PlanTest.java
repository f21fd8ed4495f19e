package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.FileTrees;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is put onto discs by hand, and what that makes of the plan. */
class PlanTest {

  private static final long CAPACITY = 2_000_000;

  @TempDir Path dir;
  private DiscWorkshop shop;

  @BeforeEach
  void planThreeDiscs() throws IOException {
    shop = new DiscWorkshop(dir);
    shop.changed(
        """
        for i in 1 2 3 4 5 6; do
          mkdir -p year$i/few; head -c 600000 /dev/urandom > year$i/photo; echo $i > year$i/few/note
        done""");
    assertThat(shop.segment(CAPACITY).discs()).hasSize(3);
  }

  @AfterEach
  void close() {
    shop.close();
  }

  private DiscSet assign(int disc, String... paths) {
    List<byte[]> all = Stream.of(paths).map(each -> each.getBytes(StandardCharsets.UTF_8)).toList();
    return shop.catalogue.plan().assign(all, disc, false, Task.unwatched());
  }

  private DiscSet unassign(String path) {
    byte[] which = path == null ? null : path.getBytes(StandardCharsets.UTF_8);
    return shop.catalogue.plan().unassign(which, false, Task.unwatched());
  }

  /** The names of contents that are planned for a disc, with the directory before each. */
  private Set<String> on(int disc) {
    return Stream.of(1, 2, 3, 4, 5, 6)
        .flatMap(i -> Stream.of("year" + i + "/photo", "year" + i + "/few/note"))
        .filter(
            each -> {
              String name = each.substring(each.lastIndexOf('/') + 1);
              String in = each.substring(0, each.lastIndexOf('/')).replace('/', '\0');
              return shop.number(
                      """
                      SELECT count(*) FROM entry e JOIN directory d ON d.id = e.directory
                      JOIN part p ON p.content = e.content JOIN disc c ON c.id = p.disc
                      WHERE e.name = ? AND d.path = ? AND c.number = ?""",
                      name,
                      in.getBytes(StandardCharsets.UTF_8),
                      disc)
                  > 0;
            })
        .collect(Collectors.toSet());
  }

  @Test
  void whatIsAssignedIsOnItsDiscAndThePlanStaysExact() throws IOException {
    assertThat(on(1)).contains("year1/photo").doesNotContain("year6/photo");

    DiscSet plan = assign(1, "year6", "year5/few/note");

    assertThat(plan.discs()).hasSize(3);
    assertThat(on(1)).contains("year6/photo", "year6/few/note", "year5/few/note");
    List<Path> images = shop.writeAll(plan);
    for (Disc each : plan.discs()) {
      assertThat(Files.size(shop.image(each))).isEqualTo(each.size()).isLessThan(CAPACITY);
    }
    Path back = dir.resolve("back");
    assertThat(shop.restore(images, back).problems()).isEmpty();
    assertThat(FileTrees.listing(back)).isEqualTo(FileTrees.listing(shop.tree));
  }

  @Test
  void laterPlansKeepToItUntilItIsTakenBack() throws IOException {
    Set<String> before = on(1);
    assign(1, "year6");
    shop.changed("echo new > new");
    shop.segment(CAPACITY);
    assertThat(on(1)).contains("year6/photo");
    assertThat(shop.catalogue.plan().assignments())
        .extracting(Assignment::text)
        .containsExactly("year6");

    unassign("year6");

    assertThat(on(1)).isEqualTo(before);
    assertThat(shop.catalogue.plan().assignments()).isEmpty();
    assertThatThrownBy(() -> unassign("year6")).hasMessageContaining("by hand");
  }

  @Test
  void theLastOfSeveralIsTakenBackFirst() {
    assign(1, "year6");
    assign(3, "year1");
    assign(3, "year6");
    assertThat(on(3)).contains("year1/photo", "year6/photo");

    unassign(null);
    assertThat(shop.catalogue.plan().assignments())
        .extracting(Assignment::text)
        .containsExactly("year1");
    unassign(null);
    assertThatThrownBy(() -> unassign(null)).hasMessageContaining("by hand");
  }

  @Test
  void whatDoesNotFitIsRefusedAndAllIsAsItWas() {
    List<Disc> before = shop.catalogue.discSet().discs();

    assertThatThrownBy(() -> assign(2, "year1", "year2", "year3", "year4"))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("disc 2")
        .hasMessageContaining("year3")
        .hasMessageContaining("does not fit");

    assertThat(shop.catalogue.discSet().discs())
        .extracting(Disc::guid)
        .isEqualTo(before.stream().map(Disc::guid).toList());
    assertThat(shop.catalogue.plan().assignments()).isEmpty();
    assertThatThrownBy(() -> assign(2, "nowhere")).hasMessageContaining("nothing is there");
    assertThatThrownBy(() -> assign(5, "year1")).hasMessageContaining("1 to 3");
  }

  @Test
  void aDiscThatIsWrittenStaysAsItIs() throws IOException {
    Disc first = shop.catalogue.discSet().discs().get(0);
    shop.write(first);

    assertThatThrownBy(() -> assign(1, "year6")).hasMessageContaining("is written");
    DiscSet plan = assign(3, "year6");

    assertThat(plan.discs().get(0).guid()).isEqualTo(first.guid());
    assertThat(on(3)).contains("year6/photo");
  }

  @Test
  void aDryRunOnlyTells() {
    List<byte[]> path = List.of("year6".getBytes(StandardCharsets.UTF_8));
    DiscSet told = shop.catalogue.plan().assign(path, 1, true, Task.unwatched());
    assertThat(told.discs()).hasSize(3);
    assertThat(on(1)).doesNotContain("year6/photo");
  }

  @Test
  void thePlanIsJson() throws IOException {
    shop.changed("head -c 5000000 /dev/urandom > video; printf x > $'\\xff'; ln -s video link");
    shop.segment(CAPACITY);
    assign(2, "year6/photo");
    Path json = dir.resolve("plan.json");

    shop.catalogue.plan().export(json, Task.unwatched());

    String said =
        Tool.named("python3")
            .run(
                "-c",
                """
                import json, os, sys
                p = json.load(open(sys.argv[1]))
                print(p['media'], p['capacity'], len(p['discs']), p['assigned'])
                where = {}
                for d in p['discs']:
                    assert d['size'] <= d['capacity'] and d['written'] is None
                    for e in d['entries']:
                        where.setdefault(os.fsencode(e['path']), []).append((d['number'], e))
                print([n for n, e in where[b'year6/photo']], where[b'link'][0][1]['type'], b'\\xff' in where)
                parts = [p for n, e in where[b'video'] for p in e.get('parts', [])]
                assert sum(p['length'] for p in parts) == 5000000, parts
                print(sorted(p['number'] for p in parts) == list(range(1, parts[0]['of'] + 1)))
                """,
                json);
    assertThat(said)
        .contains("2000000 bytes 2000000", "{'path': 'year6/photo', 'disc': 2}")
        .contains("[2] link True")
        .endsWith("True");
  }

  @Test
  void ofWhatIsBelowSeveralPathsTheLongestCounts() {
    assign(1, "year6");
    assign(2, "year6/few/note");
    assertThat(on(2)).contains("year6/few/note");
    assertThat(on(1)).contains("year6/photo").doesNotContain("year6/few/note");

    unassign("year6/few/note");
    assertThat(on(1)).contains("year6/photo", "year6/few/note");
  }

  @Test
  void whatDoesNotFitAnyMoreCanBeTakenBackOneAfterTheOther() throws IOException {
    assign(1, "year1");
    assign(2, "year2");
    shop.changed(
        "for i in 1 2; do for k in 1 2 3; do head -c 600000 /dev/urandom > year$i/p$k; done; done");
    assertThatThrownBy(() -> shop.segment(CAPACITY)).hasMessageContaining("does not fit");

    assertThatThrownBy(() -> unassign("year1")).hasMessageContaining("it is taken back");
    assertThat(unassign("year2").discs()).hasSizeGreaterThan(3);
    assertThat(shop.catalogue.plan().assignments()).isEmpty();
  }

  @Test
  void anotherPlanIsKnownAsAnother() {
    List<String> before = shop.catalogue.discSet().discs().stream().map(Disc::guid).toList();
    assign(1, "year1/photo");
    assertThat(shop.catalogue.discSet().discs())
        .extracting(Disc::guid)
        .doesNotContainAnyElementsOf(before);
  }
}
